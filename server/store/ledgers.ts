/**
 * The ledgers of a database and what they have to do with each other: who hears of whose changes, and which of them carries out
 * a request. They share one connection, and stand in one transaction with whoever calls them.
 */
import type Database from "better-sqlite3";
import type { ProductSettings } from "../../runtime/product/setting.ts";
import type { ClockNews } from "../events/alert-requests.ts";
import { macToText } from "../mac-address.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import { AccountLedger } from "./account-ledger.ts";
import { AlertLedger } from "./alert-ledger.ts";
import { AnswerLedger } from "./answer-ledger.ts";
import { ConfigLevelLedger } from "./config-level-ledger.ts";
import { ConfigResolver } from "./config-resolver.ts";
import { DerivedLedger } from "./derived-ledger.ts";
import { DeviceCache } from "./device-cache.ts";
import { EventLedger } from "./event-ledger.ts";
import { FleetLedger } from "./fleet-ledger.ts";
import type { Handlers } from "./handlers.ts";
import { HealthLedger } from "./health-ledger.ts";
import { ImageShelf } from "./image-shelf.ts";
import { KitShelf } from "./kit-shelf.ts";
import { MqttUserLedger } from "./mqtt-user-ledger.ts";
import { NoteLedger } from "./note-ledger.ts";
import { NoticeLedger } from "./notice-ledger.ts";
import { OrderLedger } from "./order-ledger.ts";
import { OrganisationLedger } from "./organisation-ledger.ts";
import { Outbox } from "./outbox.ts";
import { PeopleLedger } from "./people-ledger.ts";
import { ReadingKeeper } from "./reading-keeper.ts";
import { RegistrationLedger } from "./registration-ledger.ts";
import { ReleaseLedger } from "./release-ledger.ts";
import { ReportLedger } from "./report-ledger.ts";
import { RolloutLedger } from "./rollout-ledger.ts";
import { SignatureLedger } from "./signature-ledger.ts";
import { TemplateLedger } from "./template-ledger.ts";
import { UpdateLedger } from "./update-ledger.ts";

export type Ledgers = ReturnType<typeof openLedgers>;

export function openLedgers(db: Database.Database, products: readonly ProductSettings[]) {
  const outbox = new Outbox(db);
  const { tell } = outbox;
  const notices = new NoticeLedger(db, tell);
  const alerts = new AlertLedger(db, notices, tell);
  outbox.onChange = alerts.takeChange;
  const cache = new DeviceCache(db, (device, atMs) => tell({ kind: "device.created", device, atMs }));
  const images = new ImageShelf(db);
  const kits = new KitShelf(db);
  const updates = new UpdateLedger(db, images);
  const resolver = new ConfigResolver(db, products);
  const orders = new OrderLedger(db, tell, resolver);
  const signatures = new SignatureLedger(db);
  const rollouts = new RolloutLedger(db, updates, tell);
  const health = new HealthLedger(db, tell);
  const keeper = new ReadingKeeper(db, cache, (deviceId, atMs) => health.hear(deviceId, atMs), alerts);
  const templates = new TemplateLedger(db, tell);
  const fleets = new FleetLedger(db);
  const registrations = new RegistrationLedger(db, {
    forget: (mac) => {
      cache.forget(mac);
      health.lookAgain(macToText(mac));
    },
    onElsewhere: (deviceId) => {
      rollouts.release(deviceId);
      templates.leave(deviceId);
      fleets.leave(deviceId);
    },
    onMoved: (deviceId, atMs) => {
      orders.resolveAnew(deviceId, atMs);
    },
    onReplaced: (from, to, atMs) => {
      templates.handOver(from, to);
      fleets.handOver(from, to);
      // Rules may be about tags, which it has by now.
      alerts.handOver(from, to, atMs);
    },
    tell,
  });
  const setByHand = (mac: number, answer: StoreAnswer) => {
    if (answer.outcome === "done") rollouts.news.supersede(mac);
    return answer;
  };
  const handlers: Handlers<StoreRequest> = {
    addImage: ({ image, bytes, organisation, atMs }) => images.add(image, bytes, organisation, atMs),
    addCompressed: ({ image, bytes }) => images.addCompressed(image, bytes),
    deleteImage: ({ id, organisation }) => images.delete(id, organisation),
    addPatch: ({ base, image, bytes, atMs }) => images.addPatch(base, image, bytes, atMs),
    setDesired: ({ mac, image, isRetry, atMs }) => setByHand(mac, updates.setDesired(mac, image, isRetry, atMs)),
    clearDesired: ({ mac }) => setByHand(mac, updates.clearDesired(mac)),
    setPart: ({ change, isConnected, atMs }) => orders.setPart(change, isConnected, atMs),
    addCommand: ({ command, isConnected, atMs }) => orders.addCommand(command, isConnected, atMs),
    actuate: (request) => orders.actuate(request),
    setFlashKit: ({ kit, atMs }) => kits.set(kit, atMs),
    deleteFlashKit: ({ board }) => kits.delete(board),
    ...new PeopleLedger(db).handlers,
    ...new AccountLedger(db).handlers,
    ...new OrganisationLedger(db).handlers,
    ...new AnswerLedger(db).handlers,
    ...new DerivedLedger(db, alerts.takeDerived).handlers,
    ...new EventLedger(db).handlers,
    ...new NoteLedger(db).handlers,
    ...rollouts.handlers,
    ...new ReleaseLedger(db, rollouts, tell).handlers,
    ...registrations.handlers,
    ...new MqttUserLedger(db).handlers,
    ...health.handlers,
    ...alerts.handlers,
    ...notices.handlers,
    stepAlerts: ({ atMs, clock }) => stepAlerts(alerts, notices, atMs, clock),
    ...templates.handlers,
    setDeviceTemplates: (request) => {
      // Its templates say what is normal for it.
      health.lookAgain(request.mac);
      return templates.handlers.setDeviceTemplates(request);
    },
    ...fleets.handlers,
    changeTags: (request) => {
      const answer = fleets.handlers.changeTags(request);
      const { device, add, remove, atMs } = request;
      if (answer.outcome === "done") tell({ kind: "device.updated", device, atMs, detail: { tags: { add, remove } } });
      return answer;
    },
    ...new ConfigLevelLedger(db, resolver, orders).handlers,
    ...new ReportLedger(db, cache, keeper, signatures).handlers,
  };
  return { tell, cache, keeper, updates, orders, signatures, registrations, rollouts, health, alerts, handlers };
}

function stepAlerts(alerts: AlertLedger, notices: NoticeLedger, atMs: number, clock: ClockNews): StoreAnswer {
  if (clock !== "none") {
    alerts.takeBack(atMs, clock);
    notices.takeBack(atMs, clock);
  }
  const isAllOpen = alerts.openDue(atMs);
  return { outcome: "done", isMore: !notices.deliverDue(atMs) || !isAllOpen };
}
