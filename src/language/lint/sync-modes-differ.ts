/** `sync_mode` is one wish about the asset: the two sides may not contradict each other. Planning refuses it, too. */
import { syncModes } from '../../connectors/row-fields.js';
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { fixedText, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/sync-modes-differ',
  severity: 'error',
  summary: 'The source and the target of an asset say different things about sync_mode.',
  fix: 'Write sync_mode at one of the two. Without a primary_key, incremental appends.',
});

const modes: ReadonlySet<string> = new Set(syncModes);

const source = fromTable(', sync_mode: incremental, cursor_column: updated_at');

export const syncModesDiffer = defineRule({
  kind,
  bad: exampleRows(source, toTable(', primary_key: id, sync_mode: append')),
  good: exampleRows(source, toTable(', primary_key: id')),
  check: (draft) =>
    rowAssets(draft).flatMap(({ source: from, target, readsRows, writesRows }) => {
      const [ofSource, ofTarget] = [from, target].map((side) =>
        fixedText(side, 'sync_mode')?.toLowerCase(),
      );
      if (!readsRows || !writesRows || ofSource === undefined || ofTarget === undefined) return [];
      if (ofSource === ofTarget) return [];
      // What is no mode at all is found where it stands.
      if (![ofSource, ofTarget].every((mode) => modes.has(mode))) return [];
      const message = `${target.what}: sync_mode is ${ofTarget}, and the source says ${ofSource}`;
      return [
        diagnose(kind, target.configs.span(['sync_mode'], 'value'), message, {
          fix: kind.fix,
          related: [{ message: 'the source', span: from.configs.span(['sync_mode'], 'value') }],
        }),
      ];
    }),
});
