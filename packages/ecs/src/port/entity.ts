/** An entity, by a number that holds its generation: the number of one that is gone is not that of another. */
export type Entity = number
