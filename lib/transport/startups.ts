/** Who may log in to one sshd at the same time. */
interface Door {
  most: number
  running: number
  readonly waiting: (() => void)[]
}

// sshd begins to turn callers away when 10 of them have not logged in yet (MaxStartups).
const MOST = 8
const doors = new Map<string, Door>()

/** Runs when there is room at this door: an sshd that turned callers away gets fewer at the same time from then on. */
export async function inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
  const door = doors.get(key) ?? { most: MOST, running: 0, waiting: [] }
  doors.set(key, door)
  while (door.running >= door.most) await new Promise<void>((resolve) => door.waiting.push(resolve))
  door.running++
  try {
    return await run()
  } finally {
    door.running--
    door.waiting.shift()?.()
    if (door.running === 0 && door.waiting.length === 0 && door.most === MOST) doors.delete(key)
  }
}

/** A caller was turned away at this door. */
export function turnedAway(key: string): void {
  const door = doors.get(key)
  if (door !== undefined) door.most = Math.max(1, Math.min(door.most, door.running) - 1)
}
