/**
 * Speaks SFTP on one channel until the peer ends it.
 * Keeps true: at most `outstandingRequests` requests are read and not yet sent their answer, so a client that
 * does not read cannot make the server's memory grow; every handle is closed at the end.
 *
 * The packets are ours instead of ssh2's server-side SFTP class: that class cannot announce extensions or
 * send an extended reply, and copies every byte of a DATA answer once more.
 */
import type { ServerChannel } from 'ssh2';
import { versionAnswer } from './answers.js';
import { createPacketFrames } from './packet-frames.js';
import { LIMITS, REQUEST } from './protocol.js';
import type { Answer, RequestContext } from './request-context.js';
import { createRequestAnswerer } from './requests.js';

export async function serveChannel(channel: ServerChannel, context: RequestContext): Promise<void> {
  const gone = new Promise<void>((resolve) => channel.once('close', resolve));
  const slots = createSlots(LIMITS.outstandingRequests);
  const { answer } = createRequestAnswerer(context);
  let initialised = false;

  const respond = async (packet: Buffer): Promise<void> => {
    // Only a peer that does not speak SFTP gets here; there is no request id to answer it with.
    const answered = await answer(packet).catch(() => void channel.close());
    if (answered) await send(channel, answered);
    if (answered?.fileBytes) context.readFaults.answered(answered.fileBytes);
    slots.free();
  };
  try {
    for await (const packet of packetsOf(channel)) {
      const isInit = packet[0] === REQUEST.init;
      // INIT comes first, and once; a peer that does otherwise does not speak SFTP.
      if (isInit === initialised) return;
      initialised = true;
      if (isInit) await send(channel, { packet: versionAnswer() });
      if (isInit) continue;
      if (slots.full()) await Promise.race([slots.oneIsFree(), gone]);
      slots.take();
      // Not awaited: requests are answered side by side. `respond` never rejects.
      void respond(packet);
    }
  } finally {
    channel.close();
    await context.handles.closeAll();
  }
}

async function* packetsOf(channel: ServerChannel): AsyncGenerator<Buffer, void> {
  const frames = createPacketFrames();
  for await (const chunk of channel as AsyncIterable<Buffer>) yield* frames.push(chunk);
}

/** Resolves when the answer left the channel's buffer; at once when the channel is closed. */
function send(channel: ServerChannel, answer: Answer): Promise<void> {
  if (!channel.writable) return Promise.resolve();
  return new Promise((resolve) => {
    channel.write(answer.packet, () => resolve());
  });
}

interface Slots {
  full(): boolean;
  take(): void;
  free(): void;
  oneIsFree(): Promise<void>;
}

/** Counts what is under way. One taker at a time waits for a free place. */
function createSlots(places: number): Slots {
  let taken = 0;
  let wake: (() => void) | undefined;
  return {
    full: () => taken >= places,
    take: () => {
      taken += 1;
    },
    free: () => {
      taken -= 1;
      wake?.();
      wake = undefined;
    },
    oneIsFree: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}
