export { ECS_PORT_CASES, type EcsPortCase } from './ecs-port-cases.ts'
