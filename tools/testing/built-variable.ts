/** Set for the tests when `dist` was built from these sources just now. */
export const BUILT_VARIABLE = "LINTEL_TEST_BUILT";
