/** What a playbook of a whole cluster needs beside the roles: its variables, and refusals before a host is touched. */
export { type Balancers, balancersOf, certificateCheck } from './balancers.ts'
export { groupAliases } from './group-aliases.ts'
export { type Groups, groupProblems, purposesOf } from './groups.ts'
export { clusterBundle, etcdSource, MINIMUM_ETCD, pauseImage } from './release.ts'
export { type ClusterVars, clusterVars, hasKubernetes } from './vars.ts'
