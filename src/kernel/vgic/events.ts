// What the vGIC tells about an interrupt's way, as plain data for the session's history.

export type VgicEventKind =
  | 'irq.raised' // a line went high, or an edge came
  | 'irq.lowered' // a line went low
  | 'irq.pended' // software set its latch: ISPENDR, an SGI
  | 'irq.unpended' // software cleared its latch: ICPENDR
  | 'irq.activated' // software made it active: ISACTIVER
  | 'irq.deactivated' // software made it inactive: ICACTIVER
  | 'irq.queued' // it is on a vCPU's list
  | 'irq.delivered' // a list register holds it pending
  | 'irq.acknowledged' // the guest read it from IAR
  | 'irq.dropped' // EOIR with EOImode 1: the priority dropped, it is still active
  | 'irq.ended' // deactivated
  | 'irq.reraised'; // ended with its line still high: it will be delivered again

export interface VgicEvent {
  readonly kind: VgicEventKind;
  readonly intid: number;
  /** vCPU (index) concerned; -1 when it is an SPI that goes to nobody yet. */
  readonly vcpu: number;
  /** When it happened inside the guest, in ticks; absent: now. */
  readonly tick?: number;
  /** Who drove the line; absent: user space. */
  readonly owner?: string;
  readonly listRegister?: number;
  /** Whose write set or cleared its latch or its active bit: a vCPU (index), -1 for user space. */
  readonly by?: number;
}

/** Receives events; whoever keeps the history adds the tick where it is absent. */
export type Note = (event: VgicEvent) => void;
