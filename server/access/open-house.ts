/** Options of a server that stands inside of a program or a test: whoever reaches it may do everything, every board is taken in. */
export const OPEN_HOUSE = { login: "off", registration: "anyone" } as const;
