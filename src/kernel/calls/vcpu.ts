// Requests of a vCPU's file.
import type { Request, VcpuCall } from '../call-state.ts';
import { VCPU_ATTR_REQUESTS } from './device-attr.ts';
import { ONE_REG_REQUESTS } from './one-reg.ts';
import { RUN } from './run.ts';
import { SUPPORTED_CPUS } from './supported-cpus.ts';
import { VCPU_INIT_REQUESTS } from './vcpu-init.ts';

export const VCPU_REQUESTS: readonly Request<VcpuCall>[] = [
  RUN,
  ...VCPU_INIT_REQUESTS,
  ...VCPU_ATTR_REQUESTS,
  ...ONE_REG_REQUESTS,
  SUPPORTED_CPUS,
];
