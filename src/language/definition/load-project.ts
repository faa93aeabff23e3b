/** The old place of `loadProject`; it lives beside the rules now, because rules know definitions and not the reverse. */
export * from '../lint/load-project.js';
