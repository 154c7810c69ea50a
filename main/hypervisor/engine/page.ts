/** Pages of an i386: the unit of its page tables, and of Xen's frames. */
export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;
