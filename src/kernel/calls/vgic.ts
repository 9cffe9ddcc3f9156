// Requests of the vGIC's file: its attributes (vgic.md §1.3).
import type { Request, VmCall } from '../call-state.ts';

export const VGIC_REQUESTS: readonly Request<VmCall>[] = [];
