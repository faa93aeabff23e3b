import { defineConfig } from 'vitest/config';

/**
 * Two projects. `unit` runs beside the code without isolation (milliseconds a file); `integration` starts
 * servers and worker processes, so every file gets a process of its own.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'workflows/**/*.test.ts',
            'activities/**/*.test.ts',
            'test/{architecture,golden,properties,reference,replay}/**/*.test.ts',
          ],
          isolate: false,
          testTimeout: 20_000,
          // Findings of the architecture tests are lists of sentences: show them whole.
          chaiConfig: { truncateThreshold: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{conformance,faults,examples,servers,e2e}/**/*.test.ts'],
          pool: 'forks',
          globalSetup: ['test/servers/temporal-global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
