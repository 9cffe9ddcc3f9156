// Executes single instructions for the differential test: reads records on standard input, puts the instruction into a slot, loads the
// registers, executes it, and writes the state back to standard output. Linux user mode, no library. Layout of a record (1032 bytes):
//   0 instruction · 8 X0-X28 · 240 NZCV · 248 256 bytes of memory, which stands at `scratch` while the instruction executes · 504 FPCR
//   512 FPSR · 520 V0-V31
// X29 points to the record meanwhile, X30 is 0 and becomes 1 when the instruction was not a taken branch over one instruction.
    .equ    SIZE, 1032
    .altmacro
    .macro  move_four instruction, a, b, c, d
    \instruction {v\a\().16b, v\b\().16b, v\c\().16b, v\d\().16b}, [x0], #64
    .endm
    .macro  load4 n
    move_four ld1, %(\n), %(\n+1), %(\n+2), %(\n+3)
    .endm
    .macro  store4 n
    move_four st1, %(\n), %(\n+1), %(\n+2), %(\n+3)
    .endm
    .section .text, "awx"
    .global _start, slot, scratch
_start:
next:
    ldr     x1, =record
    mov     x2, #SIZE
1:  mov     x0, #0
    mov     x8, #63                 // read
    svc     #0
    cmp     x0, #0
    b.le    done
    add     x1, x1, x0
    subs    x2, x2, x0
    b.ne    1b

    ldr     x29, =record
    ldr     w0, [x29]
    ldr     x1, =slot
    str     w0, [x1]
    dc      cvau, x1
    dsb     ish
    ic      ivau, x1
    dsb     ish
    isb
    ldr     x1, =scratch
    add     x2, x29, #248
    mov     x3, #32
2:  ldr     x4, [x2], #8
    str     x4, [x1], #8
    subs    x3, x3, #1
    b.ne    2b
    ldr     x0, [x29, #504]
    msr     fpcr, x0
    ldr     x0, [x29, #512]
    msr     fpsr, x0
    add     x0, x29, #520
    .irp    n, 0, 4, 8, 12, 16, 20, 24, 28
    load4   \n
    .endr
    ldr     x0, [x29, #240]
    msr     nzcv, x0
    clrex
    ldp     x0, x1, [x29, #8]
    ldp     x2, x3, [x29, #24]
    ldp     x4, x5, [x29, #40]
    ldp     x6, x7, [x29, #56]
    ldp     x8, x9, [x29, #72]
    ldp     x10, x11, [x29, #88]
    ldp     x12, x13, [x29, #104]
    ldp     x14, x15, [x29, #120]
    ldp     x16, x17, [x29, #136]
    ldp     x18, x19, [x29, #152]
    ldp     x20, x21, [x29, #168]
    ldp     x22, x23, [x29, #184]
    ldp     x24, x25, [x29, #200]
    ldp     x26, x27, [x29, #216]
    ldr     x28, [x29, #232]
    mov     x30, #0
    b       slot
    .balign 4096
slot:
    nop
    mov     x30, #1
    stp     x0, x1, [x29, #8]
    stp     x2, x3, [x29, #24]
    stp     x4, x5, [x29, #40]
    stp     x6, x7, [x29, #56]
    stp     x8, x9, [x29, #72]
    stp     x10, x11, [x29, #88]
    stp     x12, x13, [x29, #104]
    stp     x14, x15, [x29, #120]
    stp     x16, x17, [x29, #136]
    stp     x18, x19, [x29, #152]
    stp     x20, x21, [x29, #168]
    stp     x22, x23, [x29, #184]
    stp     x24, x25, [x29, #200]
    stp     x26, x27, [x29, #216]
    str     x28, [x29, #232]
    mrs     x0, nzcv
    str     x0, [x29, #240]
    mrs     x0, fpcr
    str     x0, [x29, #504]
    mrs     x0, fpsr
    str     x0, [x29, #512]
    add     x0, x29, #520
    .irp    n, 0, 4, 8, 12, 16, 20, 24, 28
    store4  \n
    .endr
    str     x30, [x29]
    ldr     x1, =scratch
    add     x2, x29, #248
    mov     x3, #32
3:  ldr     x4, [x1], #8
    str     x4, [x2], #8
    subs    x3, x3, #1
    b.ne    3b
    ldr     x1, =record
    mov     x2, #SIZE
4:  mov     x0, #1
    mov     x8, #64                 // write
    svc     #0
    add     x1, x1, x0
    subs    x2, x2, x0
    b.ne    4b
    b       next
done:
    mov     x0, #0
    mov     x8, #93                 // exit
    svc     #0
    .ltorg
    .balign 4096
scratch:
    .space  4096
record:
    .space  SIZE
