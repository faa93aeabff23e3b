/** The parts that most examples share: two connections and an asset that is right. */

export const exampleConnections = `resources:
  inbox: { type: FilesResource, config: { host: files.example.com } }
  lake: { type: ObjectsResource, config: {} }
`;

export const exampleAsset = `  - name: orders
    source: { type: FILES, connection: inbox, configs: { path: /out/orders } }
    target: { type: OBJECTS, connection: lake, configs: { bucket_name: lake, prefix: raw/orders } }
`;

/** A project with those connections and the given pipeline file. */
export const exampleProject = (pipeline: string): Readonly<Record<string, string>> => ({
  'connections/common.yaml': exampleConnections,
  'pipelines/orders.yaml': pipeline,
});

const databases = `  erp: { type: TablesResource, config: { host: erp.example.com } }
  mirror: { type: TablesResource, config: { host: mirror.example.com } }
`;

/** The same with two databases. */
export const exampleRows = (
  source: string,
  target: string,
  more = '',
): Readonly<Record<string, string>> => ({
  'connections/common.yaml': `${exampleConnections}${databases}`,
  'pipelines/orders.yaml': `assets:
  - name: orders
    source: ${source}
    target: ${target}
${more}`,
});

/** Sides of such an asset, with more options behind those that are needed. */
export const fromTable = (options = ''): string =>
  `{ type: TABLES, connection: erp, configs: { table_name: sales.orders${options} } }`;
export const fromQuery = (sql: string, options = ''): string =>
  `{ type: TABLES, connection: erp, configs: { sql: ${JSON.stringify(sql)}${options} } }`;
export const toTable = (options = ''): string =>
  `{ type: TABLES, connection: mirror, configs: { table_name: orders${options} } }`;
export const toObjects = (options = ', prefix: raw/orders'): string =>
  `{ type: OBJECTS, connection: lake, configs: { bucket_name: lake${options} } }`;
