/** The way to Ready: CONNECT, CONNACK, SUBSCRIBE, SUBACK. What the server may send later is tested over whole devices. */
import { ConnectionFailure } from "../../contract/connection-failure.ts";
import { TcpStatus } from "../../contract/host-abi.ts";
import { CONNACK, receive, SUBACK, sent } from "../testing/peer.ts";
import { resetStage, setTcpStatus } from "../testing/stage.ts";
import { ClientState, MqttClient } from "./client.ts";

/** Written by mqtt-packet: id 1, `ack`, `offer`, `chunk`, `config` and `command` of MAC 000000000000, each at QoS 0. */
const SUBSCRIBE =
  "8299010001" +
  "00196c696e74656c2f312f3030303030303030303030302f61636b00" +
  "001b6c696e74656c2f312f3030303030303030303030302f6f6666657200" +
  "001b6c696e74656c2f312f3030303030303030303030302f6368756e6b00" +
  "001c6c696e74656c2f312f3030303030303030303030302f636f6e66696700" +
  "001d6c696e74656c2f312f3030303030303030303030302f636f6d6d616e6400";

let client = new MqttClient();

function poll(): void {
  client.poll(0, 0, 0, 0, 0);
  client.receive(0);
}

/** Up to SUBSCRIBE, then this answer. */
function answer(subackHex: string): void {
  resetStage();
  client = new MqttClient();
  client.begin();
  setTcpStatus(TcpStatus.Open);
  client.connect(0, 0, 1883, 0, 0);
  poll();
  receive(CONNACK);
  sent();
  poll();
  expect(sent()).toBe(SUBSCRIBE);
  receive(subackHex);
  poll();
}

describe("SUBACK", () => {
  test("everything granted: ready", () => {
    answer(SUBACK);
    expect(client.state).toBe(ClientState.Ready);
  });

  test("everything but ack refused, by an older server: ready", () => {
    answer("900700010080808080");
    expect(client.state).toBe(ClientState.Ready);
    answer("900700010000800080");
    expect(client.state).toBe(ClientState.Ready);
  });

  test("ack refused: failed, whatever else is granted", () => {
    answer("900700018000000000");
    expect(client.state).toBe(ClientState.Failed);
    expect(client.failure).toBe(ConnectionFailure.Subscription);
  });

  test("more or fewer codes than filters: not MQTT [MQTT-3.9.3-1]", () => {
    const answers = ["9003000100", "90060001" + "00000000", "90080001" + "000000000000", "90020001"];
    for (let i = 0; i < answers.length; i++) {
      answer(answers[i]);
      expect(client.state).toBe(ClientState.Failed, answers[i]);
      expect(client.failure).toBe(ConnectionFailure.Protocol, answers[i]);
    }
  });

  test("a second one: not MQTT", () => {
    answer(SUBACK + SUBACK);
    poll();
    expect(client.failure).toBe(ConnectionFailure.Protocol);
  });
});
