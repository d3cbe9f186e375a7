// npm run events-schema: writes docs/events.schema.json from lib/report/event-schema.ts.
import { writeFileSync } from 'node:fs'
import { schemaText } from '../lib/report/event-schema.ts'

writeFileSync(new URL('../docs/events.schema.json', import.meta.url), schemaText())
