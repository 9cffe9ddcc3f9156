// Who may import whom (design.md §2): imports point down.
const room = (name) => (name === 'commands' ? '^commands/' : `^src/${name}/`);
const MAY = {
  base: [],
  arch: ['base'],
  abi: ['base'],
  view: ['base'],
  machine: ['arch', 'base'],
  trace: ['arch', 'abi', 'base'],
  kernel: ['machine', 'arch', 'abi', 'base'],
  session: ['kernel', 'machine', 'arch', 'abi', 'base'],
  shell: ['session', 'view', 'arch', 'abi', 'base'],
  commands: ['shell', 'session', 'view', 'trace', 'kernel', 'arch', 'abi', 'base'],
  ui: ['shell', 'session', 'view'],
  io: ['view', 'base'],
};
const rooms = Object.keys(MAY);
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    ...rooms.map((from) => ({
      name: `${from}-imports-down`,
      severity: 'error',
      from: { path: room(from) },
      to: { path: rooms.filter((to) => to !== from && !MAY[from].includes(to)).map(room) },
    })),
    { name: 'only-io-says-node', severity: 'error', from: { path: rooms.filter((r) => r !== 'io').map(room) }, to: { dependencyTypes: ['core'] } },
    { name: 'only-ui-says-react', severity: 'error', from: { pathNot: [room('ui')] }, to: { path: 'node_modules/(react|ink|ink-text-input)/' } },
  ],
  options: { parser: 'swc', tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' }, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] } },
};
