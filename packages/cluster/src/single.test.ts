import { single } from './single.ts'
import { clusterSuite } from './suite.ts'

clusterSuite('a cluster of one node', single)
