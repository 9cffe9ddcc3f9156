// What a command shows, as data: back ends turn a Doc into plain text, ANSI, Markdown, HTML, SVG. No back end knows a command.
// Text is raw: the back ends escape control characters and markup.

/** A run of text with a role; roles are colours and weights in ANSI, nothing in plain text. */
export interface Span {
  readonly text: string;
  readonly role?: Role;
}
export type Role = 'plain' | 'dim' | 'strong' | 'number' | 'name' | 'good' | 'bad' | 'changed' | 'address' | 'comment' | 'heading';
export type Line = string | readonly Span[];

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export type Block =
  | { readonly kind: 'text'; readonly lines: readonly Line[] }
  /** Paragraphs, broken at blanks to fit. */
  | { readonly kind: 'prose'; readonly paragraphs: readonly string[]; readonly indent?: number }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly rows: readonly (readonly Line[])[]; readonly header?: boolean }
  /** Name, value and what it means, aligned. */
  | { readonly kind: 'pairs'; readonly rows: readonly { readonly name: string; readonly value: Line; readonly note?: Line }[] }
  | { readonly kind: 'hexdump'; readonly base: bigint; readonly bytes: Uint8Array; readonly marks?: readonly number[] }
  | { readonly kind: 'tree'; readonly root: TreeNode }
  | { readonly kind: 'diff'; readonly rows: readonly { readonly name: string; readonly before: string; readonly after: string }[] }
  /** Horizontal bars; log scales are the caller's. */
  | { readonly kind: 'bars'; readonly rows: readonly { readonly label: string; readonly value: number; readonly text: string }[] }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }; // bytes of a file, as `sysfs cat` shows them

export interface TreeNode {
  readonly label: Line;
  readonly children: readonly TreeNode[];
}

export type Doc = readonly Block[];

export const NOTHING: Doc = [];
export const prose = (...paragraphs: string[]): Block => ({ kind: 'prose', paragraphs });
export const text = (...lines: Line[]): Block => ({ kind: 'text', lines });
