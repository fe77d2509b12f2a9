import { alertEvidence, alertInfo, behaviorInfo } from './alert-tables.ts'
import { cloudAppEvents, cloudAuditEvents, cloudProcessEvents, cloudStorageAggregatedEvents } from './cloud-tables.ts'
import { deviceEvents } from './device-events.ts'
import {
  deviceFileEvents,
  deviceImageLoadEvents,
  deviceLogonEvents,
  deviceProcessEvents,
  deviceRegistryEvents,
} from './device-tables.ts'
import { exposureGraphEdges, exposureGraphNodes } from './exposure-tables.ts'
import { identityDirectoryEvents, identityInfo, identityLogonEvents, identityQueryEvents } from './identity-tables.ts'
import {
  deviceFileCertificateInfo,
  deviceInfo,
  deviceNetworkInfo,
  softwareVulnerabilities,
} from './inventory-tables.ts'
import {
  emailAttachmentInfo,
  emailEvents,
  emailPostDeliveryEvents,
  emailUrlInfo,
  messageEvents,
  messageUrlInfo,
  urlClickEvents,
} from './mail-tables.ts'
import { deviceNetworkEvents } from './network-tables.ts'
import type { Columns, Scene } from './scene.ts'

/**
 * Tables made by hand, in part or whole. A maker always returns the same columns, all of them documented; the row
 * adds time, device, report id, the initiating process (when the maker set one), and fills up the rest.
 */
export const makers: Readonly<Record<string, (scene: Scene) => Columns>> = {
  AlertEvidence: alertEvidence,
  AlertInfo: alertInfo,
  BehaviorInfo: behaviorInfo,
  CloudAppEvents: cloudAppEvents,
  CloudAuditEvents: cloudAuditEvents,
  CloudProcessEvents: cloudProcessEvents,
  CloudStorageAggregatedEvents: cloudStorageAggregatedEvents,
  DeviceEvents: deviceEvents,
  DeviceFileCertificateInfo: deviceFileCertificateInfo,
  DeviceFileEvents: deviceFileEvents,
  DeviceImageLoadEvents: deviceImageLoadEvents,
  DeviceInfo: deviceInfo,
  DeviceLogonEvents: deviceLogonEvents,
  DeviceNetworkEvents: deviceNetworkEvents,
  DeviceNetworkInfo: deviceNetworkInfo,
  DeviceProcessEvents: deviceProcessEvents,
  DeviceRegistryEvents: deviceRegistryEvents,
  DeviceTvmSoftwareVulnerabilities: softwareVulnerabilities,
  EmailAttachmentInfo: emailAttachmentInfo,
  EmailEvents: emailEvents,
  EmailPostDeliveryEvents: emailPostDeliveryEvents,
  EmailUrlInfo: emailUrlInfo,
  ExposureGraphEdges: exposureGraphEdges,
  ExposureGraphNodes: exposureGraphNodes,
  IdentityDirectoryEvents: identityDirectoryEvents,
  IdentityInfo: identityInfo,
  IdentityLogonEvents: identityLogonEvents,
  IdentityQueryEvents: identityQueryEvents,
  MessageEvents: messageEvents,
  MessageUrlInfo: messageUrlInfo,
  UrlClickEvents: urlClickEvents,
}
