/** The files of a new project, by their paths. They run on the dev stack as they are. */

const orders = `id,customer,amount,ordered_at
1,Ada,12.50,2026-01-05 09:30:00+00
2,Grace,7.25,2026-01-05 10:15:00+00
3,Edsger,,2026-01-06 08:00:00+00
4,"Hopper, G.",99.00,2026-01-06 17:45:00+00
`;

const connections = `# Who and where. Secrets are references: the worker reads them from its environment, on the dev stack from .tidemark/dev.json.
# connections/<ENV>.yaml is merged over this file.
resources:
  # A folder of the machine that the worker runs on, from the project's root.
  inbox:
    type: LocalResource
    config: { root: inbox }

  lake:
    type: S3Resource
    config:
      endpoint_url: '{{ env.S3_ENDPOINT }}'
      region_name: '{{ env.S3_REGION }}'
      access_key: '{{ env.S3_ACCESS_KEY_ID }}'
      secret_key: '{{ env.S3_SECRET_ACCESS_KEY }}'
      bucket_name: '{{ env.S3_BUCKET }}'

  warehouse:
    type: PostgresResource
    config:
      host: '{{ env.PG_HOST }}'
      port: '{{ env.PG_PORT }}'
      user: '{{ env.PG_USER }}'
      password: '{{ env.PG_PASSWORD }}'
      database: '{{ env.PG_DATABASE }}'
`;

const pipeline = `# CSV files of a folder into the lake, and from there into a table, by key.
# Put more files into inbox/ and run it again: only what is new is moved.
assets:
  - name: orders_landed
    description: Files as they came
    source: { type: LOCAL, connection: inbox, configs: { path: /, pattern: '.*\\.csv' } }
    target: { type: S3, connection: lake, configs: { prefix: raw/orders } }

  - name: orders_loaded
    description: The rows of all files, the newest of each id
    deps: [orders_landed]
    source: { type: S3, connection: lake, configs: { prefix: raw/orders/ } }
    target:
      type: POSTGRES
      connection: warehouse
      configs:
        table_name: orders
        sync_mode: incremental
        primary_key: id
        auto_create_table: true
        table_schema:
          - { column_name: id, data_type: bigint, is_nullable: false }
          - { column_name: customer, data_type: text }
          - { column_name: amount, data_type: 'numeric(12,2)' }
          - { column_name: ordered_at, data_type: timestamptz }
    checks:
      - { name: keys, type: not_null, columns: [id, customer], severity: abort }

jobs:
  - name: orders_job
    description: New files into the lake and into the table
    selection: [orders_landed, orders_loaded]

schedules:
  - { name: orders_nightly, job: orders_job, cron: '15 3 * * *', timezone: UTC }
`;

const readme = (name: string): string => `# ${name}

A project of Tidemark: YAML-declared data pipelines on Temporal.

\`\`\`sh
tidemark dev                # terminal 1: Temporal with its Web UI, S3, SFTP and PostgreSQL on this machine
tidemark worker             # terminal 2
tidemark run orders_job     # terminal 3
\`\`\`

\`tidemark lint\` checks the files, \`tidemark explain orders_job --sample\` shows what a run would do, \`tidemark apply\` makes the
schedule. \`eval "$(tidemark dev env)" && psql -c 'table orders'\` shows the rows.
`;

const settings = `# The project itself; every key is optional. Without a name it is called like this folder.
time_zone: UTC
`;

export interface NewFile {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
}

/** `schemaOf`: what a file of that kind writes behind \`$schema=\`; null leaves the line out. */
export const newProject = (
  name: string,
  schemaOf: (kind: string, path: string) => string | null,
): readonly NewFile[] => {
  const typed = (kind: string, path: string, text: string): NewFile => {
    const schema = schemaOf(kind, path);
    const line = schema === null ? '' : `# yaml-language-server: $schema=${schema}\n`;
    return { path, text: line + text };
  };
  return [
    { path: '.gitignore', text: '.tidemark/\nnode_modules/\n' },
    { path: 'README.md', text: readme(name) },
    typed('connections', 'connections/common.yaml', connections),
    { path: 'inbox/orders.csv', text: orders },
    typed('pipelines', 'pipelines/orders.yaml', pipeline),
    typed('tidemark', 'tidemark.yaml', settings),
  ];
};
