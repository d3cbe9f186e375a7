/** What `npm run secrets` is made of. */
export { askSecret } from '../report/ask-secret.ts'
export { parseSecretsCommand, runSecretsCommand, SECRETS_USAGE, type SecretsCommand } from './command.ts'
