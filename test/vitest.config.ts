// Projects: `pure` rooms run unisolated in threads; `isolated` (ui, pty, whole programs) get a process each.
// Modes: default = the fast suite; `--mode oracle` and `--mode fuzz` run the long files of test/oracle and test/fuzz.
import { defineConfig } from 'vitest/config';

const isolated = ['test/ui/**/*.test.{ts,tsx}', 'test/pty/**/*.test.ts', 'test/program/**/*.test.ts'];

export default defineConfig(({ mode }) => {
  const long = mode === 'oracle' || mode === 'fuzz';
  const root = new URL('..', import.meta.url).pathname;
  return {
    root,
    test: {
      watch: false,
      maxWorkers: 2,
      reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'coverage/report.json' }]] : ['default'],
      projects: long
        ? [{ root, test: { name: mode, include: [`test/${mode}/**/*.test.ts`], isolate: false, pool: 'threads', testTimeout: 600_000 } }]
        : [
            {
              root,
              test: {
                name: 'pure',
                include: ['test/**/*.test.ts'],
                exclude: [...isolated, 'test/oracle/**', 'test/fuzz/**'],
                isolate: false,
                pool: 'threads',
                testTimeout: 30_000,
              },
            },
            { root, test: { name: 'isolated', include: isolated, isolate: true, pool: 'forks', testTimeout: 60_000 } },
          ],
    },
  };
});
