/* runtime/fiber_switch.S - change stacks: what a call must preserve by the platform's ABI, no more.
 *
 * void fiber_switch(void **save_sp, void *to_sp)
 *     pushes the callee-saved registers, stores the stack pointer in *save_sp, continues at to_sp.
 * void fiber_call_on(void *sp, void (*fn)(void *), void *arg)
 *     calls fn(arg) with the stack pointer at sp, and comes back to the present stack.
 * fiber_entry: where a new stack begins: calls fiber_main(), which never returns. */
#if defined(__x86_64__)
    .text
    .globl fiber_switch
    .hidden fiber_switch
    .type fiber_switch, @function
fiber_switch:
    .cfi_startproc
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .cfi_endproc
    .size fiber_switch, .-fiber_switch

    .globl fiber_call_on
    .hidden fiber_call_on
    .type fiber_call_on, @function
fiber_call_on:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    andq $-16, %rdi
    movq %rdi, %rsp
    movq %rdx, %rdi
    call *%rsi
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size fiber_call_on, .-fiber_call_on

    .globl fiber_entry
    .hidden fiber_entry
    .type fiber_entry, @function
fiber_entry:
    .cfi_startproc
    .cfi_undefined %rip
    xorl %ebp, %ebp
    call fiber_main
    ud2
    .cfi_endproc
    .size fiber_entry, .-fiber_entry
#elif defined(__aarch64__)
    .text
    .globl fiber_switch
    .hidden fiber_switch
    .type fiber_switch, %function
fiber_switch:
    .cfi_startproc
    sub sp, sp, #176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldr x9, [sp, #160]
    msr fpcr, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    ret
    .cfi_endproc
    .size fiber_switch, .-fiber_switch

    .globl fiber_call_on
    .hidden fiber_call_on
    .type fiber_call_on, %function
fiber_call_on:
    .cfi_startproc
    stp x29, x30, [sp, #-32]!
    str x19, [sp, #16]
    mov x29, sp
    mov x19, sp
    and x0, x0, #-16
    mov sp, x0
    mov x0, x2
    blr x1
    mov sp, x19
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #32
    ret
    .cfi_endproc
    .size fiber_call_on, .-fiber_call_on

    .globl fiber_entry
    .hidden fiber_entry
    .type fiber_entry, %function
fiber_entry:
    .cfi_startproc
    .cfi_undefined x30
    mov x29, #0
    bl fiber_main
    brk #1
    .cfi_endproc
    .size fiber_entry, .-fiber_entry
#else
#error "fibers: no stack switch for this processor yet"
#endif
    .section .note.GNU-stack, "", %progbits
