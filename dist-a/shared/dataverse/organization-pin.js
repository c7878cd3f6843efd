"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.OrganizationPin = exports.OrganizationForeign = void 0;
exports.whoAmI = whoAmI;
const tables_1 = require("../azure/tables");
const errors_1 = require("../errors");
/** Thrown when an event, or the environment that is read, is of another organisation than the store's rows. */
class OrganizationForeign extends errors_1.OutboundError {
    code = 'organization-foreign';
    disposition = 'park';
    constructor(what, id, pinned) {
        super(`${what} is of organisation ${id}, but this store belongs to ${pinned}. A copy or a restored sandbox sends here, or ` +
            `DATAVERSE_URL was changed. Mend that; or, if the store is to follow the other one, set ORGANIZATION_ID to its id.`);
    }
}
exports.OrganizationForeign = OrganizationForeign;
const PARTITION = 'organization';
const ROW = 'pinned';
/** Asks the environment which organisation it is: one request. */
async function whoAmI(api) {
    const { OrganizationId: id } = JSON.parse((await api.get('WhoAmI')).body);
    return id.toLowerCase();
}
/**
 * The one organisation that a store is fed from. Row ids survive copies of environments, so the events of a copy would
 * overwrite the rows of the original: the first organisation seen is remembered for good, and any other is refused.
 * https://learn.microsoft.com/power-platform/admin/copy-environment
 */
class OrganizationPin {
    client;
    ask;
    configured;
    #pinned;
    #verified = false;
    constructor(client, 
    /** Undefined without a Web API: then the first event decides. */
    ask, 
    /** ORGANIZATION_ID: decides whatever was remembered. */
    configured) {
        this.client = client;
        this.ask = ask;
        this.configured = configured;
    }
    /** An event's organisation. @throws OrganizationForeign */
    async check(id) {
        const pinned = await this.#pin(id);
        if (id !== pinned)
            throw new OrganizationForeign('The event', id, pinned);
    }
    /** The environment that is read; asked once in a process's life. @throws OrganizationForeign */
    async verify() {
        if (this.#verified || this.ask === undefined)
            return;
        const id = await this.ask();
        const pinned = await this.#pin(id);
        if (id !== pinned)
            throw new OrganizationForeign('DATAVERSE_URL', id, pinned);
        this.#verified = true;
    }
    async #pin(seen) {
        return (this.#pinned ??= this.configured ?? (await this.#stored()) ?? (await this.#store(seen)));
    }
    async #stored() {
        const entity = await (0, tables_1.findEntity)(this.client, PARTITION, ROW);
        return typeof entity?.id === 'string' ? entity.id : undefined;
    }
    /** The environment's own answer counts more than what an event says of itself. Of several instances the first one wins. */
    async #store(seen) {
        const id = (await this.ask?.()) ?? seen;
        try {
            await (0, tables_1.withTable)(this.client, () => this.client.createEntity({ partitionKey: PARTITION, rowKey: ROW, id }));
            return id;
        }
        catch (error) {
            if ((0, tables_1.statusOf)(error) !== 409)
                throw error;
            return (await this.#stored()) ?? id;
        }
    }
}
exports.OrganizationPin = OrganizationPin;
//# sourceMappingURL=organization-pin.js.map