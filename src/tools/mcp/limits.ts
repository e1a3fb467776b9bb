/** A larger message of a server ends its connection. */
export const mostMessageBytes = 8 * 1024 * 1024;
