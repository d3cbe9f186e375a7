// npm run events-schema: writes docs/events.schema.json from lib/report/event-schema.ts.
import { writeFileSync } from 'node:fs'
import { schemaText } from '../dist/lib/report/event-schema.js'

writeFileSync(new URL('../docs/events.schema.json', import.meta.url), schemaText())
