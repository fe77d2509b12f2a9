/** Microsoft's clouds. A token of one does not work in another. */
export type Cloud = 'global' | 'gcc_high' | 'dod' | 'china'

/** The two APIs that are polled. */
export type Api = 'graph' | 'defender'

export interface CloudHosts {
  /** Where tokens are asked for. */
  readonly login: string
  /** Addresses of the APIs; absent where the cloud has none. */
  readonly endpoints: Readonly<Partial<Record<Api, string>>>
  /** What a token is asked for: by the cloud, whatever the address that is called. */
  readonly scopes: Readonly<Record<Api, string>>
}

const defenderScope = 'https://api.securitycenter.microsoft.com/.default'

export const clouds: Readonly<Record<Cloud, CloudHosts>> = {
  global: {
    login: 'https://login.microsoftonline.com',
    endpoints: { graph: 'https://graph.microsoft.com', defender: 'https://api.security.microsoft.com' },
    scopes: { graph: 'https://graph.microsoft.com/.default', defender: defenderScope },
  },
  gcc_high: {
    login: 'https://login.microsoftonline.us',
    endpoints: { graph: 'https://graph.microsoft.us', defender: 'https://api-gov.securitycenter.microsoft.us' },
    scopes: { graph: 'https://graph.microsoft.us/.default', defender: defenderScope },
  },
  dod: {
    login: 'https://login.microsoftonline.us',
    endpoints: { graph: 'https://dod-graph.microsoft.us', defender: 'https://api-gov.securitycenter.microsoft.us' },
    scopes: { graph: 'https://dod-graph.microsoft.us/.default', defender: defenderScope },
  },
  china: {
    login: 'https://login.chinacloudapi.cn',
    endpoints: {},
    scopes: { graph: 'https://microsoftgraph.chinacloudapi.cn/.default', defender: defenderScope },
  },
}
