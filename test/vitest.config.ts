// Projects: `pure` rooms run unisolated in threads; `isolated` (ui) and `programs` (pty, whole programs) get a process
// each; for the latter spesh is built once.
// Modes: default = the fast suite; `--mode oracle` and `--mode fuzz` run the long files of test/oracle and test/fuzz, the latter each in a process,
// whose growth they watch.
import { defineConfig } from 'vitest/config';

const ui = ['test/ui/**/*.test.{ts,tsx}'];
const setupFiles = ['test/property-seed.ts'];
const programs = ['test/pty/**/*.test.ts', 'test/program/**/*.test.ts'];

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
        ? [
            {
              root,
              test: {
                name: mode,
                include: [`test/${mode}/**/*.test.ts`],
                isolate: false,
                pool: mode === 'fuzz' ? 'forks' : 'threads',
                testTimeout: 600_000,
              },
            },
          ]
        : [
            {
              root,
              test: {
                name: 'pure',
                include: ['test/**/*.test.ts'],
                exclude: [...ui, ...programs, 'test/oracle/**', 'test/fuzz/**'],
                isolate: false,
                pool: 'threads',
                setupFiles,
                testTimeout: 30_000,
              },
            },
            { root, test: { name: 'isolated', include: ui, isolate: true, pool: 'forks', setupFiles, testTimeout: 60_000 } },
            {
              root,
              test: {
                name: 'programs',
                include: programs,
                isolate: true,
                pool: 'forks',
                testTimeout: 60_000,
                globalSetup: ['test/program/built.ts'],
              },
            },
          ],
    },
  };
});
