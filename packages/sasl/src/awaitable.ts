// Awaitable: a value that is usually there at once and sometimes a promise (house rule for mechanism steps).

/** A value now, or a promise of it. */
export type Awaitable<T> = T | Promise<T>

/** Goes on with `value`: at once when it is there, else when its promise settles. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
