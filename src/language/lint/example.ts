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
