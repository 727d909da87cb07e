/** What a reading of a sensor is worth, and what it counts: words of the device library's drivers. */

/** A number is never reused for another meaning. */
export enum SensorStatus {
  Good = 0,
  /** Nothing has been measured yet, or the device has started again and its measurement is lost. */
  NotReady = 1,
  /** Nobody answers: no power, a wrong address, a broken wire. */
  NoAnswer = 2,
  /** Something keeps the line low: a short circuit, two devices where one may be. */
  LineHeld = 3,
  /** What came has a wrong check: a bad contact, a long wire, disturbance. */
  BadCrc = 4,
  /** The answer ended too early. */
  Incomplete = 5,
  /** A value that the sensor cannot measure: it is faulty, or is used beyond its limits. */
  OutOfRange = 6,
  /** Another device than this driver's answers. */
  WrongDevice = 7,
  /** The pin cannot do what the driver needs: it has no interrupt or no pull-up, or carries the flash. */
  PinUnusable = 8,
}

/** What the value of a reading counts. All of them fit 32 bits with a sign. */
export enum SensorQuantity {
  /** Thousandths of a degree Celsius. */
  TemperatureMilliC = 1,
  /** Thousandths of a percent of relative humidity. */
  HumidityMilliPercent = 2,
  PressurePa = 3,
  VoltageMv = 4,
  /** 1 = active. */
  Level = 5,
  /** In one period. */
  Pulses = 6,
  /** Since the start; wraps. */
  TotalPulses = 7,
}
