/** The smallest project that moves files: one SFTP folder to one bucket of the dev stack. */

export const connections = `resources:
  partner:
    type: SFTPResource
    config:
      host: "{{ env.SFTP_HOST }}"
      port: "{{ env.SFTP_PORT }}"
      username: "{{ env.SFTP_USERNAME }}"
      password: "{{ env.SFTP_PASSWORD }}"
      public_key: "{{ env.SFTP_HOST_KEY }}"
  lake:
    type: S3Resource
    config:
      endpoint_url: "{{ env.S3_ENDPOINT }}"
      region_name: "{{ env.S3_REGION }}"
      access_key: "{{ env.S3_ACCESS_KEY_ID }}"
      secret_key: "{{ env.S3_SECRET_ACCESS_KEY }}"
      bucket_name: "{{ env.S3_BUCKET }}"
`;

export const orders = `assets:
  - name: orders
    source: { type: SFTP, connection: partner, configs: { path: /out } }
    target: { type: S3, connection: lake, configs: { prefix: landing } }
jobs:
  - { name: orders_job, selection: [orders] }
`;

export const nightly = (cron: string): string => `schedules:
  - { name: nightly, job: orders_job, cron: "${cron}", timezone: Europe/Berlin }
`;

export const arrivals = `sensors:
  - name: arrivals
    type: SFTP
    job: orders_job
    connection: partner
    configs: { path: /out }
    minimum_interval_seconds: 1
    settle: 200ms
`;

export const projectFiles = (pipelines: string): Readonly<Record<string, string>> => ({
  'tidemark.yaml': 'name: shop\n',
  'connections/common.yaml': connections,
  'pipelines/orders.yaml': pipelines,
});
