/**
 * Messages as bytes, in hexadecimal. The tests of both dialects encode the named values and decode the bytes; the bytes
 * can be read with any CBOR tool (diagnostic notation beside each one).
 */

/** {0: "counter", 1: "0.1.0", 2: 0, 3: 1, 4: 0, 5: 2, 6: 3, 7: 3735928559, 8: 41} */
export const GOLDEN_HELLO = "a90067636f756e7465720165302e312e3002000301040005020603071adeadbeef081829";

/**
 * The same with all that is told only when there is something to tell: {..., 9: h'0102030405060708', 10: 18,
 * 11: h'1112131415161718', 12: true, 13: 300}
 */
export const GOLDEN_HELLO_MORE =
  "ae0067636f756e7465720165302e312e3002000301040005020603071adeadbeef081829" +
  "094801020304050607080a120b4811121314151617180cf50d19012c";

/**
 * [{-3: 1700000000, "ep": 3735928559, "sq": 41, "ol": 41, 0: "5001", 2: 7, 6: 0}, {0: "5001", 2: 0, 6: 60},
 *  {0: "5003", 2: 70000, 6: 60}]
 */
export const GOLDEN_DATA_ABSOLUTE =
  "83a7221a6553f1006265701adeadbeef6273711829626f6c182900643530303102070600a3006435303031020006183ca3006435303033021a0001117006183c";

/** [{"ep": 3735928559, "sq": 1, "ol": 1, 0: "5c00", 2: 0, 6: -300}, {0: "5001", 2: -2, 6: 0}] */
export const GOLDEN_DATA_RELATIVE =
  "82a66265701adeadbeef62737101626f6c0100643563303002000639012ba300643530303102210600";

/** {0: false}, the last will */
export const GOLDEN_STATE_OFFLINE = "a100f4";

/** {0: true, 1: -67, 2: 1234, 3: 2, 4: 0, 5: 1, 6: 86400, 7: 0} */
export const GOLDEN_STATE_ONLINE = "a800f5013842021904d2030204000501061a000151800700";

/** {0: 3735928559, 1: 43, 2: 1700000060} */
export const GOLDEN_ACK = "a3001adeadbeef01182b021a6553f13c";

/** {0: 3735928559, 1: 0, 2: 1700000060, 3: 5000} */
export const GOLDEN_ACK_DELAY = "a4001adeadbeef0100021a6553f13c03191388";

/** {0: 5, 1: {2: "b.example", 3: 8883}} */
export const GOLDEN_CONFIG = "a2000501a20269622e6578616d706c65031922b3";

/** {0: 7, 1: "restart", 3: 1700000060} */
export const GOLDEN_COMMAND = "a30007016772657374617274031a6553f13c";

/** {0: 7, 1: 6} */
export const GOLDEN_RESULT = "a200070106";

/** {1: 4, 2: 3, 3: 5} */
export const GOLDEN_RESULT_REFUSED = "a3010402030305";
