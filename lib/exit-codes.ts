/** What a playbook's process ends with, besides 130 and 143 after signals. */
export const EXIT = { ok: 0, fault: 1, usage: 2, failed: 3, unreachable: 4 } as const
