/** Microsoft's own analyser of KQL, in this process: https://www.npmjs.com/package/@kusto/language-service-next */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInThisContext } from 'node:vm';

/**
 * The tables as Application Insights defines them, with the names that a query over a component sees.
 * https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
 */
const COMMON = `timestamp: datetime, itemId: string, itemType: string, customDimensions: dynamic, customMeasurements: dynamic,
  operation_Name: string, operation_Id: string, operation_ParentId: string, operation_SyntheticSource: string,
  session_Id: string, user_Id: string, user_AuthenticatedId: string, user_AccountId: string, application_Version: string,
  client_Type: string, client_Model: string, client_OS: string, client_IP: string, client_City: string,
  client_StateOrProvince: string, client_CountryOrRegion: string, client_Browser: string, cloud_RoleName: string,
  cloud_RoleInstance: string, appId: string, appName: string, iKey: string, sdkVersion: string, itemCount: int,
  _ResourceId: string`;
const TABLES = {
  traces: 'message: string, severityLevel: int',
  requests: `id: string, source: string, name: string, url: string, success: string, resultCode: string, duration: real,
    performanceBucket: string`,
  exceptions: `problemId: string, handledAt: string, type: string, message: string, assembly: string, method: string,
    outerType: string, outerMessage: string, innermostType: string, innermostMessage: string, severityLevel: int,
    details: dynamic`,
};

interface Kusto {
  readonly Language: {
    readonly GlobalState: { readonly Default: { WithDatabase: (database: unknown) => unknown } };
    readonly KustoCode: {
      ParseAndAnalyze: (
        text: string,
        globals: unknown,
      ) => {
        GetDiagnostics: () => {
          readonly Count: number;
          getItem: (index: number) => { readonly Code: string; readonly Message: string };
        };
      };
    };
    readonly Symbols: {
      readonly TableSymbol: { From: (columns: string) => { WithName: (name: string) => unknown } };
      readonly DatabaseSymbol: { readonly $ctor1: new (name: string, members: readonly unknown[]) => unknown };
    };
  };
}

/** Makes the analyser: what it says of a query, as `code message`. */
export function kustoAnalyser(): (query: string) => readonly string[] {
  const folder = path.dirname(require.resolve('@kusto/language-service-next'));
  for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js'])
    runInThisContext(readFileSync(path.join(folder, file), 'utf8'), { filename: file });
  const { GlobalState, KustoCode, Symbols } = (runInThisContext('Kusto') as Kusto).Language;
  const tables = Object.entries(TABLES).map(([name, own]) =>
    Symbols.TableSymbol.From(`(${COMMON}, ${own})`).WithName(name),
  );
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('insights', tables));
  return (query) => {
    const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
    return Array.from({ length: found.Count }, (_, index) => found.getItem(index)).map(
      ({ Code, Message }) => `${Code} ${Message}`,
    );
  };
}
