// Expressions of the command language, as the parser makes them; evaluate.ts gives them values. Unsigned 64-bit arithmetic.

export type UnaryOperator = '~' | '!' | '-' | '+';
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

/** `at` is the 0-based code point of the node in its command, for carets. */
export type Expression =
  | { readonly kind: 'number'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number } // register, else symbol
  | { readonly kind: 'symbol'; readonly name: string; readonly at: number } // quoted: a symbol for sure
  | { readonly kind: 'field'; readonly register: string; readonly field: string; readonly at: number } // PMBSR_EL1.S
  | { readonly kind: 'variable'; readonly name: string; readonly at: number } // $NAME, $_, $1, $?
  | { readonly kind: 'memory'; readonly address: Expression; readonly size: 1 | 2 | 4 | 8; readonly at: number }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    };
