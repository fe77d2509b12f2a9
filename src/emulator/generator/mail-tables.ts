import type { Columns, Scene } from './scene.ts'
import type { Mail } from './stories.ts'
import { isoTime, minute } from './time.ts'
import { url } from './vocabulary.ts'

export function emailEvents(scene: Scene): Columns {
  const { random } = scene
  const mail = scene.mails.introduce('EmailEvents')
  const stopped = mail.threat !== '' && random.chance(0.8)
  const location = stopped ? 'Quarantine' : mail.threat === 'Spam' ? 'Junk folder' : 'Inbox/folder'
  return {
    Timestamp: isoTime(mail.at),
    ...idColumns(mail),
    InternetMessageId: mail.internetMessageId,
    SenderMailFromAddress: mail.from,
    ...senderColumns(mail),
    SenderMailFromDomain: mail.fromDomain,
    SenderFromDomain: mail.fromDomain,
    SenderIPv4: mail.inbound ? mail.senderIp : '',
    SenderIPv6: mail.inbound ? random.pick(['', '', '2001:db8:77:0:0:0:0:25']) : '',
    RecipientObjectId: mail.recipient.objectId,
    Subject: mail.subject,
    EmailClusterId: random.next(),
    EmailDirection: mail.inbound ? 'Inbound' : random.pick(['Intra-org', 'Outbound']),
    DeliveryAction: stopped ? 'Blocked' : mail.threat === 'Spam' ? 'Junked' : 'Delivered',
    DeliveryLocation: location,
    LatestDeliveryAction: stopped ? 'Blocked' : 'Delivered',
    LatestDeliveryLocation: location,
    ...threatColumns(mail),
    ConfidenceLevel: mail.threat ? JSON.stringify({ [mail.threat]: 'High' }) : '',
    BulkComplaintLevel: random.pick([null, 0, 1, 4, 9]),
    AuthenticationDetails: '{"SPF":"pass","DKIM":"pass","DMARC":"pass","CompAuth":"pass"}',
    AttachmentCount: mail.attachments.length,
    UrlCount: mail.urls.length,
    EmailLanguage: random.pick(['en', 'de', 'ja', 'pt']),
    UserLevelAction: random.chance(0.05) ? 'Allow' : '',
    ReportId: reportId(scene, mail),
  }
}

export function emailUrlInfo(scene: Scene): Columns {
  const mail = scene.mails.follow('EmailUrlInfo', ({ urls }) => urls.length > 0)
  const address = scene.random.pick(mail.urls)
  return {
    Timestamp: isoTime(mail.at),
    NetworkMessageId: mail.networkMessageId,
    Url: address,
    UrlDomain: hostOf(address),
    UrlLocation: scene.random.pick(['Body', 'Subject', 'Attachment', 'QRCode']),
    ReportId: reportId(scene, mail),
  }
}

export function emailAttachmentInfo(scene: Scene): Columns {
  const mail = scene.mails.follow('EmailAttachmentInfo', ({ attachments }) => attachments.length > 0)
  const file = scene.random.pick(mail.attachments)
  return {
    Timestamp: isoTime(mail.at),
    ...idColumns(mail),
    ...senderColumns(mail),
    RecipientObjectId: mail.recipient.objectId,
    FileName: file.name,
    FileType: file.name.split('.').at(-1)!,
    SHA256: file.sha256,
    FileSize: file.size,
    ...threatColumns(mail),
    ReportId: reportId(scene, mail),
  }
}

export function emailPostDeliveryEvents(scene: Scene): Columns {
  const { random } = scene
  const mail = scene.mails.follow('EmailPostDeliveryEvents', ({ threat }) => threat !== '')
  return {
    ...idColumns(mail),
    InternetMessageId: mail.internetMessageId,
    Action: random.pick(['Moved to quarantine', 'Moved to junk folder', 'Deleted']),
    ActionType: random.pick(['Phish ZAP', 'Malware ZAP', 'Manual remediation']),
    ActionTrigger: random.pick(['SpecialAction', 'AdminAction']),
    ActionResult: random.chance(0.9) ? 'Success' : 'Error',
    DeliveryLocation: 'Quarantine',
    SourceLocation: 'Inbox/folder',
    ThreatTypes: mail.threat,
    DetectionMethods: threatColumns(mail).DetectionMethods!,
    ReportId: reportId(scene, mail),
  }
}

export function urlClickEvents(scene: Scene): Columns {
  const { random } = scene
  const mail = scene.mails.follow('UrlClickEvents', ({ urls }) => urls.length > 0)
  const address = random.pick(mail.urls)
  const blocked = mail.threat !== ''
  return {
    Url: address,
    ActionType: blocked ? 'ClickBlocked' : 'ClickAllowed',
    AccountUpn: mail.recipient.upn,
    Workload: 'Email',
    NetworkMessageId: mail.networkMessageId,
    ThreatTypes: mail.threat,
    DetectionMethods: threatColumns(mail).DetectionMethods!,
    IPAddress: scene.device.publicIp,
    IsClickedThrough: blocked ? random.pick([false, '0', true]) : false,
    UrlChain: JSON.stringify([address, url(random, hostOf(address))]),
    ReportId: random.guid(),
  }
}

export function messageEvents(scene: Scene): Columns {
  const { random } = scene
  const message = scene.teamsMessages.introduce('MessageEvents')
  const { sender, recipient } = message
  return {
    LastEditedTime: isoTime(scene.now - minute),
    TeamsMessageId: message.id,
    SenderEmailAddress: sender.upn,
    SenderDisplayName: sender.display,
    SenderObjectId: sender.objectId,
    SenderType: 'User',
    RecipientDetails: [
      {
        RecipientSmtpAddress: recipient.upn,
        RecipientDisplayName: recipient.display,
        RecipientObjectId: recipient.objectId,
      },
    ],
    MessageId: message.messageId,
    ThreadId: message.threadId,
    IsExternalThread: message.external,
    IsOwnedThread: random.chance(0.8),
    MessageFormatType: 'RichText',
    MessageFormatSubtype: 'Html',
    MessageVersion: message.messageId,
    DeliveryAction: 'Delivered',
    DeliveryLocation: 'Teams',
    ReportId: random.guid(),
  }
}

export function messageUrlInfo(scene: Scene): Columns {
  const message = scene.teamsMessages.follow('MessageUrlInfo')
  return {
    TeamsMessageId: message.id,
    Url: message.url,
    UrlDomain: hostOf(message.url),
    ReportId: scene.random.guid(),
  }
}

function idColumns(mail: Mail): Columns {
  return { NetworkMessageId: mail.networkMessageId, RecipientEmailAddress: mail.recipient.upn }
}

function senderColumns(mail: Mail): Columns {
  return { SenderFromAddress: mail.from, SenderDisplayName: mail.fromName, SenderObjectId: mail.fromId }
}

function threatColumns({ threat }: Mail): Columns {
  return {
    ThreatTypes: threat,
    ThreatNames: threat === 'Malware' ? 'Trojan:Win32/Wacatac' : '',
    DetectionMethods: threat ? JSON.stringify({ [threat]: ['URL malicious reputation', 'File detonation'] }) : '',
  }
}

function reportId({ random }: Scene, mail: Mail): string {
  return `${mail.networkMessageId}-${random.next()}-1`
}

function hostOf(address: string): string {
  return address.split('/')[2]!
}
