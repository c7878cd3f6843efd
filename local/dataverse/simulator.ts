/**
 * Microsoft Dataverse on one machine, for development, demos and tests. What it supports, lacks and assumes:
 * local/dataverse/README.md.
 */
import { rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { dirname } from 'node:path';
import { ACTION, ActionRequests } from './web-api/action-requests';
import { ApiParameters } from './web-api/action-parameters';
import type { ApiRequest, ApiResponse } from './web-api/api-request';
import { AlternateKeys } from './metadata/alternate-keys';
import { Associations } from './operations/associations';
import { BatchRequests } from './web-api/batch-requests';
import { BulkOperations, Operations } from './operations/row-operations';
import { Callers, type Caller } from './web-api/callers';
import { Catalog } from './metadata/table';
import { makeCertificate } from './web-api/certificate';
import { ChangeTracking } from './rows/change-tracking';
import { CustomApis } from './operations/custom-apis';
import type { Dataverse, DataverseOptions } from './dataverse';
import { noResource } from './dataverse-error';
import type { NameOf } from './rows/formatted-value';
import { EndpointChecks } from './registration/endpoint-checks';
import { KeyLookUps } from './web-api/key-look-ups';
import { IntersectRows, Relationships, intersectTable, type ManyToManyDefinition } from './metadata/relationship';
import { MetadataRequests, RelationshipRequests } from './metadata/metadata-requests';
import { PlugIns } from './operations/plug-ins';
import { Poster } from './events/poster';
import { PrivilegeRequests } from './web-api/privilege-requests';
import { seededRandom } from './random';
import { ReferenceRequests } from './web-api/reference-requests';
import { endpointRow, imageRows, stepRow, type NewRow } from './registration/registration-rows';
import { RegistrationRules } from './registration/registration-rules';
import { REGISTRATION_TABLES } from './registration/registration-tables';
import { ASYNC_OPERATION, computedRows, STRING_MAP } from './metadata/computed-tables';
import { RowChanges } from './operations/row-changes';
import { RowKeys, resourcePath } from './web-api/row-keys';
import { RowMessages } from './operations/assign-state-merge';
import { RowRequests } from './web-api/row-requests';
import { RowStore } from './rows/row-store';
import { SchemaChanges } from './metadata/schema-changes';
import { userProtection } from './web-api/service-protection';
import { OWNER_TABLES, STANDARD_RELATIONSHIPS, STANDARD_TABLES } from './metadata/standard-tables';
import { StepRegistry } from './registration/step-registry';
import { SystemJobs, type PushCounters } from './events/system-jobs';
import { TokenEndpoint } from './web-api/token-endpoint';
import { Transactions } from './operations/transactions';
import { seedOrganization } from './organization';
import { WebServer } from './web-api/web-server';
import { WriteFaults } from './operations/write-faults';

export type { EndpointRegistration, StepRegistration, ImageRegistration } from './registration/registration-rows';
export type { OperationOptions } from './operations/transactions';
export type { AssociationOptions } from './operations/associations';
export type { ManyToManyDefinition } from './metadata/relationship';
export type { ApiEntity, ApiParameterType, ApiValue, ApiValues } from './web-api/action-parameters';
export type { Upserted } from './operations/row-operations';
export type { CustomApiCall, CustomApiDefinition } from './operations/custom-apis';
export type { Parameter, ParameterValue } from './events/event';
export type { MergeOptions, SetStateOptions } from './operations/assign-state-merge';
export type { AlternateKeyDefinition, KeyIndexStatus } from './metadata/alternate-keys';
export type { Permissions } from './web-api/callers';
export type { AfterLookUp, KeyLookUp } from './web-api/key-look-ups';
export { PlugInRefusal, type PlugIn, type PlugInCall } from './operations/plug-ins';
export type { WriteFault, WriteFaultOptions } from './operations/write-faults';
export type { Commit, Row } from './rows/row-store';
export type { ColumnInput, ColumnInputs, Columns, Reference, Value } from './rows/value';
export type { TableDefinition, ColumnDefinition, Option } from './metadata/table';
export type { Disturbances, PushCounters, SystemJob } from './events/system-jobs';
export type { ServiceProtectionLimits } from './web-api/service-protection';
export type { Fault, InterceptedRequest, Interceptor, RequestCounters } from './web-api/web-server';
export type { Dataverse, DataverseOptions, DataverseStats } from './dataverse';

/** Starts a simulator. */
export async function startDataverse(options: DataverseOptions = {}): Promise<Dataverse> {
  const seed = options.seed ?? 1;
  const random = seededRandom(seed);
  const now = options.now ?? Date.now;
  const host = options.host ?? '127.0.0.1';
  const catalog = new Catalog([
    ...OWNER_TABLES,
    ...(options.tables ?? STANDARD_TABLES),
    ...REGISTRATION_TABLES,
    ASYNC_OPERATION,
    STRING_MAP,
  ]);
  const store = new RowStore();
  const relationships = new Relationships(catalog);
  const intersects = new IntersectRows(catalog, store, relationships);
  const defineRelationship = (definition: ManyToManyDefinition): void => {
    for (const { table } of [definition.one, definition.two]) catalog.table(table);
    catalog.add(intersectTable(definition));
    intersects.index(relationships.define(definition));
  };
  const possible = STANDARD_RELATIONSHIPS.filter(({ one, two }) =>
    [one, two].every(({ table }) => catalog.find(table) !== undefined),
  );
  (options.relationships ?? possible).forEach(defineRelationship);
  const keys = new AlternateKeys(catalog, store);
  const clientId = options.clientId ?? random.guid();
  const organization = seedOrganization({
    store,
    catalog,
    random,
    now,
    applications: [{ clientId, name: '# Outbound synchronisation' }, ...(options.applications ?? [])],
  });
  const applicationUserId = organization.applicationUsers.get(clientId) ?? '';
  const organizationId = options.organization?.id ?? random.guid();
  const organizationName = options.organization?.name ?? `org${organizationId.slice(0, 8)}`;
  const organizationHost = options.organization?.host ?? `${organizationName}.crm4.dynamics.com`;
  const errorForm = options.errorForm ?? 'documented';

  const nameOf: NameOf = ({ table, id }) => {
    const primaryName = catalog.find(table)?.primaryName ?? null;
    const name = primaryName === null ? null : store.table(table).get(id)?.columns[primaryName];
    return typeof name === 'string' ? name : null;
  };
  const steps = new StepRegistry(store);
  const poster = new Poster(
    {
      organizationId,
      organizationName,
      identityMembers: options.identityMembers ?? true,
      utcOffsetMinutes: options.utcOffsetMinutes ?? 0,
      oversizeForm: options.oversizeForm ?? 'absent',
      nameOf,
    },
    organizationHost,
    options.webhookTimeoutMs ?? 60_000,
  );
  const counters: PushCounters = {
    raised: 0,
    posts: 0,
    delivered: 0,
    failed: 0,
    dropped: 0,
    duplicated: 0,
    reordered: 0,
    truncated: 0,
    rolledBack: 0,
  };
  const jobs = new SystemJobs({
    counters,
    now,
    random: seededRandom(seed + 1),
    reseed: seededRandom,
    settings: {
      concurrency: 8,
      jitterMs: 5,
      retryDelaysMs: [500, 1000, 2000, 4000, 8000],
      remembered: 100_000,
      ...options.jobs,
    },
    post: (event, step, job, reduce) =>
      poster.post(
        steps.endpoint(step.endpointId),
        event,
        step,
        { kind: 'async', jobId: job.id, createdAt: job.createdAt },
        reduce,
      ),
  });
  const rules = new RegistrationRules(catalog, store);
  const changes = new RowChanges({ catalog, store, intersects, random, errorForm, rules });
  const faults = new WriteFaults();
  const plugIns: PlugIns = new PlugIns({
    changes,
    update: (table, id, columns, given) => operations.update(table, id, columns, given),
  });
  const transactions = new Transactions({
    store,
    keys,
    steps,
    plugIns,
    faults,
    counters,
    random,
    now,
    defaultUser: organization.users[0]?.id ?? applicationUserId,
    postSync: (event, step, at) => poster.post(steps.endpoint(step.endpointId), event, step, { kind: 'sync', at }),
    createJob: (event, step, version) => jobs.create(event, step, version),
  });
  const checks = new EndpointChecks({
    store,
    errorForm,
    random: seededRandom(seed + 2),
    now,
    user: (id) => transactions.user(id),
    post: (event, step, job) =>
      poster.post(steps.endpoint(step.endpointId), event, step, {
        kind: 'async',
        jobId: job.id,
        createdAt: job.createdAt,
      }),
  });
  const operations = new Operations(transactions, changes);
  const bulk = new BulkOperations(transactions, changes);
  const messages = new RowMessages({ store, transactions, changes, errorForm });
  const rowKeys = new RowKeys(catalog, keys);
  const parameters = new ApiParameters(catalog, changes, rowKeys);
  const customApis = new CustomApis({ catalog, operations, transactions, changes, parameters, random });
  const associations = new Associations({ catalog, relationships, intersects, transactions, changes, random });
  const tracking = new ChangeTracking(store, now, options.changeTrackingExpiryDays ?? 7);
  const schema = new SchemaChanges(catalog, store, tracking);
  const callers = new Callers(store);
  const lookUps = new KeyLookUps();
  const rowRequests = new RowRequests({
    catalog,
    store,
    operations,
    keys: rowKeys,
    callers,
    lookUps,
    random,
    relationships,
    tracking,
    nameOf,
    errorForm,
    maxPageSize: options.maxPageSize ?? 5000,
    computed: computedRows(
      catalog,
      () => jobs.list(),
      () => checks.list(),
    ),
  });
  const referenceRequests = new ReferenceRequests({ catalog, keys: rowKeys, relationships, associations });
  const actionRequests = new ActionRequests({ bulk, messages, customApis, checks, parameters, keys: rowKeys });
  const metadataRequests = new MetadataRequests(catalog, relationships, keys);
  const batchRequests = new BatchRequests(transactions, random);
  const privilegeRequests = new PrivilegeRequests(catalog, callers, organization.businessUnitId);
  const relationshipRequests = new RelationshipRequests(relationships);

  const whoAmI = (request: ApiRequest): ApiResponse => ({
    status: 200,
    body: {
      '@odata.context': `${request.serviceRoot}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
      BusinessUnitId: organization.businessUnitId,
      UserId: request.caller.actsAs,
      OrganizationId: organizationId,
    },
  });
  const answer = async (request: ApiRequest): Promise<ApiResponse> => {
    if (request.path === '$batch') return batchRequests.answer(request);
    if (/^WhoAmI(\(\))?$/.test(request.path)) return whoAmI(request);
    if (request.path.startsWith('EntityDefinitions')) return metadataRequests.answer(request);
    if (/^PublishXml(\(\))?$/.test(request.path)) return metadataRequests.publish(request);
    if (request.path.startsWith('RelationshipDefinitions')) return relationshipRequests.answer(request);
    if (/^ReactivateEntityKey(\(\))?$/.test(request.path)) return metadataRequests.reactivateKey(request);
    const { set = '', key, rest = '' } = resourcePath(request.path) ?? {};
    const table = catalog.bySet(set);
    if (table === undefined && actionRequests.has(request.path)) return actionRequests.unbound(request, request.path);
    if (table === undefined) throw noResource(set === '' ? request.path : set);
    if (key !== undefined && rest.endsWith('/$ref')) return referenceRequests.answer(request, table, key, rest);
    if (table.logicalName === 'systemuser' && key !== undefined && privilegeRequests.has(rest)) {
      return privilegeRequests.answer(request, rowKeys.id(table, key), rest);
    }
    const action = ACTION.exec(rest)?.[1];
    if (action !== undefined) return actionRequests.bound(request, table, key, action);
    return rowRequests.answer(request, table, key, rest);
  };

  const certificate = await makeCertificate(host, options.certificateDirectory);
  const server = new WebServer(certificate);
  const url = await server.listen(host, options.port ?? 0);
  const tenantId = options.tenantId ?? random.guid();
  const clientSecret = options.clientSecret ?? `secret-${random.guid()}`;
  const tokens = new TokenEndpoint(
    tenantId,
    [{ clientId, clientSecret, certificate: options.clientCertificate }, ...(options.applications ?? [])],
    now,
    options.tokenLifetimeSeconds ?? 3599,
  );
  const protection = userProtection(options.limits ?? {}, now);
  const caller = (of: string, headers: IncomingHttpHeaders): Caller =>
    callers.caller(organization.applicationUsers.get(of) ?? '', headers);
  server.serve({ certificate, tokens, protection, caller, now, latencyMs: options.latencyMs ?? 0, answer });

  const register = (row: NewRow): Promise<string> => operations.create(row.table, row.columns);

  return {
    url,
    authorityHost: `${url}/`,
    certificatePath: certificate.path,
    tenantId,
    clientId,
    clientSecret,
    organizationId,
    organizationName,
    organizationHost,
    users: organization.users,
    teamId: organization.teamId,
    applicationUserId,
    applicationUsers: organization.applicationUsers,
    get tables() {
      return [...catalog.tables];
    },
    create: (table, columns, given) => operations.create(table, columns, given),
    update: (table, id, columns, given) => operations.update(table, id, columns, given),
    delete: (table, id, given) => operations.delete(table, id, given),
    upsert: (table, id, columns, given) => operations.upsert(table, id, columns, given),
    createMultiple: (table, rows, given) => bulk.createMultiple(table, rows, given),
    updateMultiple: (table, rows, given) => bulk.updateMultiple(table, rows, given),
    upsertMultiple: (table, rows, given) => bulk.upsertMultiple(table, rows, given),
    deleteMultiple: (table, ids, given) => bulk.deleteMultiple(table, ids, given),
    assign: (table, id, owner, given) => messages.assign(table, id, owner, given),
    setState: (table, id, state, status, given) => messages.setState(table, id, state, status, given),
    merge: (table, target, subordinate, content, given) => messages.merge(table, target, subordinate, content, given),
    defineCustomApi: (name, definition) => customApis.define(name, definition),
    callCustomApi: (name, values, target, given) => customApis.call(name, values, target, given),
    restore: (table, id, given) => operations.restore(table, id, given),
    associate: (table, id, relationship, related, given) =>
      associations.associate({ table, id }, relationship, related, given),
    disassociate: (table, id, relationship, related, given) =>
      associations.disassociate({ table, id }, relationship, related, given),
    defineRelationship,
    get: (table, id) => store.table(catalog.table(table).logicalName).get(id.toLowerCase()),
    rows: (table) => store.table(catalog.table(table).logicalName).values(),
    registerEndpoint: (endpoint) => register(endpointRow(endpoint)),
    async registerStep(step) {
      const id = await register(stepRow(store, step));
      try {
        for (const row of imageRows(step, id)) await register(row);
      } catch (error) {
        await operations.delete('sdkmessageprocessingstep', id);
        throw error;
      }
      return id;
    },
    async unregister(id) {
      const table = ['sdkmessageprocessingstep', 'serviceendpoint'].find(
        (name) => store.table(name).get(id) !== undefined,
      );
      if (table === undefined) throw new Error(`Nothing is registered under ${id}.`);
      await operations.delete(table, id);
    },
    defineKey: (table, key) => keys.define(table, key),
    setKeyStatus: (table, schemaName, status) => keys.setStatus(table, schemaName, status),
    permit: (userId, permissions) => callers.permit(userId, permissions),
    afterLookUp: (after) => lookUps.tell(after),
    failWrites: (count, fault, given) => faults.failNext(count, fault, given),
    plugIn: (plugIn) => plugIns.add(plugIn),
    addColumn: (table, column) => schema.addColumn(table, column),
    removeColumn: (table, name) => schema.removeColumn(table, name),
    changeColumnType: (table, column) => schema.changeColumnType(table, column),
    disturb: (disturbances) => jobs.disturb(disturbances),
    hurry: () => jobs.hurry(),
    watch: (listener) => store.watch(listener),
    intercept: (interceptor) => server.intercept(interceptor),
    failNext: (count, status, given) => server.failNext(count, { status, ...given }),
    expireToken(table) {
      for (const each of table === undefined ? catalog.tables : [catalog.table(table)]) tracking.expire(each);
    },
    revokeAccessTokens: () => tokens.revokeAll(),
    async drain(timeoutMs) {
      await plugIns.settled();
      await Promise.all([jobs.drain(timeoutMs), checks.settled()]);
    },
    stats: () => ({ ...counters, webApi: { ...server.counters }, openJobs: jobs.open }),
    jobs: () => jobs.list(),
    async close() {
      jobs.close();
      await Promise.all([server.close(), poster.close()]);
      if (options.certificateDirectory === undefined)
        rmSync(dirname(certificate.path), { recursive: true, force: true });
    },
  };
}
