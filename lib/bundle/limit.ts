/** `work` on each item, `limit` of them at a time; results in the order of the items. The first failure is thrown once nothing is under way any more. */
export async function mapLimit<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = [...items.entries()]
  const workers = Array.from({ length: limit }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next
      results[index] = await work(item)
    }
  })
  const stop = () => waiting.splice(0)
  for (const worker of workers) worker.catch(stop)
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  return results
}
