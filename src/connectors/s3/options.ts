/**
 * What one may write about S3: the connection, a source and a target. Fields, names and defaults are those of
 * dialect.md §2.4 and §4.2; the ones that are ours say so.
 */
import { z } from 'zod';
import { copiesOnly, fileFormatFields } from '../../formats/options.js';
import {
  byteSize,
  bytesPerSecond,
  choice,
  connectionText,
  field,
  filePattern,
  itemText,
  predicate,
  runText,
  secretText,
} from '../fields.js';

const refusedRole = (description: string) =>
  field(z.unknown(), {
    description,
    template: 'connection',
    refused:
      'assume a role through a profile: put role_arn into ~/.aws/config and name it with profile_name, or give static keys',
  }).optional();

const connectionFields = z.strictObject({
  access_key: connectionText(
    'Access key id; without it the default chain of AWS is asked (environment, profile, instance role)',
  ).optional(),
  aws_access_key_id: connectionText('The same as access_key').optional(),
  secret_key: secretText('Secret access key').optional(),
  aws_secret_access_key: secretText('The same as secret_key').optional(),
  session_token: secretText('Session token of temporary keys').optional(),
  region_name: connectionText('Region of the buckets').default('us-east-1'),
  endpoint_url: connectionText(
    'URL of a server other than AWS, for instance MinIO; buckets are then addressed by path',
  ).nullish(),
  profile_name: connectionText('Profile in ~/.aws/config and ~/.aws/credentials').optional(),
  verify: field(z.boolean(), {
    description: 'Check the certificate of the server',
    template: 'connection',
  }).default(true),
  assume_role_arn: refusedRole('ARN of a role to assume'),
  aws_web_identity_token_file: refusedRole('File with the token of a web identity'),
  assume_role_session_name: refusedRole('Name of the assumed role session'),
  external_id: refusedRole('External id for assuming a role'),
  use_unsigned_session: field(z.boolean(), {
    description: 'Send no credentials: public buckets only',
    template: 'connection',
  }).default(false),
  bucket_name: connectionText('Bucket of sources and targets that name none', {
    ours: true,
  }).optional(),
  payload_signing: choice(['auto', 'always', 'never'], {
    description:
      'Whether bodies are hashed with SHA-256 into the signature; auto: over http only, because https and CRC32 protect them already',
    template: 'connection',
    ours: true,
  }).default('auto'),
  bytes_per_second: bytesPerSecond(),
});

/** The aliases are merged, so that the rest of the connector knows one spelling. */
export const connectionOptions = connectionFields.transform(
  ({ aws_access_key_id, aws_secret_access_key, ...fields }) => ({
    ...fields,
    access_key: fields.access_key ?? aws_access_key_id,
    secret_key: fields.secret_key ?? aws_secret_access_key,
  }),
);
export type S3Connection = z.output<typeof connectionOptions>;

const refusedOption = (description: string) =>
  field(z.unknown(), { description, template: 'run', refused: copiesOnly }).optional();

const formatFields = {
  ...fileFormatFields,
  // Named in plans since the first release.
  object_type: fileFormatFields.object_type.default('CSV'),
  region: runText('Accepted and unused, as in the predecessor').optional(),
  split_config: refusedOption('Splitting of files into several'),
};

const bucketField = runText('Bucket; without it the bucket of the connection').optional();

export const sourceOptions = z.strictObject({
  bucket_name: bucketField,
  key: runText('Exactly one object; with `prefix` it is looked for below it').optional(),
  prefix: field(z.string(), {
    description: 'Objects whose key starts with it',
    template: 'run',
  }).default(''),
  pattern: filePattern(
    'Regular expression, anchored at the start, that the key, the name or the path below the prefix must match',
  ).optional(),
  predicate: predicate(),
  check_is_modifying: field(z.boolean(), {
    description: 'Leave out objects that were written less than 60 s ago',
    template: 'run',
  }).default(false),
  check_is_modifing: field(z.boolean(), {
    description: 'Old spelling of check_is_modifying',
    template: 'run',
  }).optional(),
  delete_source: field(z.boolean(), {
    description: 'Delete each object after its copy was published and checked',
    template: 'run',
  }).default(false),
  ...formatFields,
});
export type S3SourceOptions = z.output<typeof sourceOptions>;

const megabyte = 1024 * 1024;

export const targetOptions = z.strictObject({
  bucket_name: bucketField,
  key: itemText('Key of the object; may hold templates of the item').optional(),
  prefix: field(z.string(), {
    description: 'Folder that the files are put below, with their sub-folders',
    template: 'item',
  }).default(''),
  mode: choice(['COPY', 'MULTI_FILE'], {
    description:
      'COPY: one object for each file. MULTI_FILE: several, `<name>_part_<n>`, cut at the ends of lines or records; part_size or min_size is the most that one has',
    template: 'run',
  }).default('COPY'),
  part_size: byteSize('Size of the parts of a large upload, at least 5 MiB', {
    examples: ['16 MiB'],
    ours: true,
  }).optional(),
  min_size: field(z.number().int().min(5), {
    description: 'Size of the parts of a large upload in MiB, at least 5; part_size wins',
    template: 'run',
  }).optional(),
  rename_with_timestamp: refusedOption('Add a timestamp to the name of the object'),
  ...formatFields,
});
export type S3TargetOptions = z.output<typeof targetOptions>;

/** The smallest part that S3 takes before the last. */
export const partBytesMin = 5 * megabyte;

/** The size of parts that a target asks for, in bytes; undefined: the engine chooses. */
export const partBytesOf = (options: S3TargetOptions): number | undefined =>
  options.part_size ?? (options.min_size === undefined ? undefined : options.min_size * megabyte);
