/** Answers of S3 and PostgreSQL that say no, or that never arrive although the request took effect. */
import type { OnRequest, S3Fault, SeenRequest } from '../../../../src/devstack/s3/fault.js';
import type { Dice } from '../dice.js';
import type { Arena, Calm, Fault } from '../fault.js';
import type { Movement } from '../movement.js';

const onS3 = ({ from, to }: Movement): boolean => from === 's3' || to === 's3';

/** Answers so while the run lasts. */
const answering = async (
  arena: Arena,
  answer: (seen: SeenRequest) => S3Fault | undefined,
): Promise<void> => {
  const { stage } = arena;
  const onRequest: OnRequest = (seen) => {
    const fault = answer(seen);
    if (fault !== undefined) arena.struck();
    return fault;
  };
  stage.s3Fault = onRequest;
  try {
    await arena.ended;
  } finally {
    stage.s3Fault = null;
  }
};

export const sayNo: Fault = {
  name: 's3-busy',
  title: 'S3 answers 503 SlowDown or 500 InternalError to up to 12 requests',
  fits: onS3,
  draw: (dice, _, { traffic }) => {
    const first = dice.between(1, traffic.operations.length);
    const count = dice.between(1, 12);
    const code = dice.pick(['SlowDown', 'InternalError'] as const);
    let number = 0;
    return {
      text: `S3 answers ${code} from request ${String(first)} on, ${String(count)} times`,
      play: (arena) =>
        answering(arena, () => {
          number++;
          if (number < first || number >= first + count) return undefined;
          return { kind: 'refuse', code, message: 'Please reduce your request rate.' };
        }),
    };
  },
};

const changing: readonly string[] = [
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateMultipartUpload',
  'DeleteObject',
  'PutObject',
  'UploadPart',
];

const operationsIn = ({ traffic }: Calm, wanted: readonly string[]): readonly string[] =>
  wanted.filter((operation) => traffic.operations.includes(operation));

/** An operation of the run, one of its requests, and how many of them in a row. */
const drawRequests = (dice: Dice, calm: Calm, wanted: readonly string[]) => {
  const operation = dice.pick(operationsIn(calm, wanted));
  const known = calm.traffic.operations.filter((each) => each === operation).length;
  return { operation, first: dice.between(1, known), count: dice.pick([1, 1, 2, 5]) };
};

type Requests = ReturnType<typeof drawRequests>;

const isOneOf = ({ operation, first, count }: Requests): ((seen: SeenRequest) => boolean) => {
  let number = 0;
  return (seen) => {
    if (seen.operation !== operation) return false;
    number++;
    return number >= first && number < first + count;
  };
};

const textOf = ({ operation, first, count }: Requests): string =>
  `${operation} ${String(first)}${count === 1 ? '' : ` to ${String(first + count - 1)}`}`;

export const loseAnswer: Fault = {
  name: 'lose-answer',
  title: 'S3 does what it was asked to, and the answer is cut off',
  fits: ({ to }) => to === 's3',
  draw: (dice, _, calm) => {
    const requests = drawRequests(dice, calm, changing);
    const isHit = isOneOf(requests);
    return {
      text: `the answer to ${textOf(requests)} is lost`,
      play: (arena) =>
        answering(arena, (seen) => (isHit(seen) ? { kind: 'lose-answer' } : undefined)),
    };
  },
};

export const errorInOk: Fault = {
  name: 'error-in-ok',
  title: 'S3 answers 200 with an error in the body, and has done nothing',
  fits: ({ to }) => to === 's3',
  draw: (dice, _, calm) => {
    const requests = drawRequests(dice, calm, [
      'CompleteMultipartUpload',
      'CopyObject',
      'PutObject',
    ]);
    const isPut = requests.operation === 'PutObject';
    const isHit = isOneOf(requests);
    const message = 'We encountered an internal error. Please try again.';
    // A PUT has no body in its answer: there it is a plain refusal.
    const fault: S3Fault = {
      kind: isPut ? 'refuse' : 'error-in-ok',
      code: 'InternalError',
      message,
    };
    return {
      text: `${textOf(requests)} fails${isPut ? '' : ' behind a 200'}`,
      play: (arena) => answering(arena, (seen) => (isHit(seen) ? fault : undefined)),
    };
  },
};

export const cutAnswer: Fault = {
  name: 'cut-answer',
  title: 'an answer of S3 with data ends after some bytes',
  fits: ({ name, from }) => from === 's3' && !name.endsWith('-within'),
  draw: (dice, _, calm) => {
    const requests = drawRequests(dice, calm, ['GetObject']);
    const afterBytes = dice.between(0, 2_000_000);
    const isHit = isOneOf(requests);
    return {
      text: `the answer to ${textOf(requests)} ends after ${String(afterBytes)} bytes`,
      play: (arena) =>
        answering(arena, (seen) => (isHit(seen) ? { kind: 'cut-answer', afterBytes } : undefined)),
    };
  },
};

/** What only the transaction that publishes sends, and how it ends. */
const publishing = { after: `lock_timeout = '300s'`, statement: 'COMMIT\u0000' } as const;

export const loseCommit: Fault = {
  name: 'lose-commit',
  title: 'the connection is cut at the COMMIT that publishes, before or after it arrived',
  fits: ({ to }) => to === 'postgres',
  draw: (dice) => {
    const delivered = dice.share() < 0.7;
    return {
      text: `the connection is cut ${delivered ? 'behind a COMMIT that arrived' : 'before its COMMIT arrived'}`,
      play: async (arena) => {
        const proxy = arena.stage.proxy('postgres', 'target');
        if (proxy === undefined) throw new Error('PostgreSQL has a line');
        const cut = proxy.cutAtStatement({ ...publishing, delivered }).then(() => {
          arena.struck();
        });
        await Promise.race([cut, arena.ended]);
      },
    };
  },
};
