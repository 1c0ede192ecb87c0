import type { Route, ServiceName } from '@gatehouse/contracts'

/** Where each service listens, in compose and in the cluster. */
export const PORTS: Readonly<Record<ServiceName, number>> = { auth: 4001, mcp: 4002, audit: 4003 }

export interface Doorway {
  readonly routes: readonly Route[]
  /** `gatehouse.example.com`, or `*.example.com` for one host a tenant. */
  readonly hosts: readonly string[]
}

interface PathMatch {
  readonly exact: boolean
  readonly path: string
  readonly service: ServiceName
}

/** `/*` at the end means the bare prefix too, element by element: just what Kubernetes calls a prefix. */
const matchesOf = (routes: readonly Route[]): readonly PathMatch[] =>
  routes.map(({ path, service }) =>
    path.endsWith('/*') ? { exact: false, path: path.slice(0, -2), service } : { exact: true, path, service },
  )

const nameOf = (service: ServiceName): string => `gatehouse-${service}`

/** Streams of an MCP client stay open; whatever waits for their end must be told so. */
const STREAM_SECONDS = 3_600

/** An Ingress (networking.k8s.io/v1) that sends each path where the table says. */
export function ingressOf({ routes, hosts }: Doorway): object {
  const paths = matchesOf(routes).map(({ exact, path, service }) => ({
    path,
    pathType: exact ? 'Exact' : 'Prefix',
    backend: { service: { name: nameOf(service), port: { name: 'http' } } },
  }))
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'gatehouse',
      annotations: {
        // Of the community's nginx controller; others have the same under other names. None of them makes a session sticky.
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': String(STREAM_SECONDS),
        'nginx.ingress.kubernetes.io/proxy-send-timeout': String(STREAM_SECONDS),
        'nginx.ingress.kubernetes.io/proxy-body-size': '0',
        // A redirect tells its client's state back; it is held for each stream as well, so no more.
        'nginx.ingress.kubernetes.io/proxy-buffer-size': '8k',
      },
    },
    spec: {
      tls: [{ hosts, secretName: 'gatehouse-tls' }],
      rules: hosts.map((host) => ({ host, http: { paths } })),
    },
  }
}

/** So many matches a rule may have in every version of the Gateway API. */
const MATCHES = 8

const inParts = (matches: readonly PathMatch[]): readonly (readonly PathMatch[])[] =>
  Array.from({ length: Math.ceil(matches.length / MATCHES) }, (_, at) =>
    matches.slice(at * MATCHES, (at + 1) * MATCHES),
  )

/** Rules of the Gateway API (HTTPRoute v1). The Gateway itself belongs to the cluster's operator. */
export function httpRouteOf({ routes, hosts }: Doorway): object {
  const matches = matchesOf(routes)
  const services = [...new Set(matches.map(({ service }) => service))]
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'gatehouse' },
    spec: {
      parentRefs: [{ name: 'gatehouse', sectionName: 'https' }],
      hostnames: hosts,
      rules: services.flatMap((service) =>
        inParts(matches.filter((match) => match.service === service)).map((part) => ({
          matches: part.map(({ exact, path }) => ({ path: { type: exact ? 'Exact' : 'PathPrefix', value: path } })),
          backendRefs: [{ name: nameOf(service), port: PORTS[service] }],
          // A stream ends when one of its ends does, not by the clock.
          ...(service === 'mcp' ? { timeouts: { request: '0s', backendRequest: '0s' } } : {}),
        })),
      ),
    },
  }
}

/**
 * nginx as a whole. The image's own has room for 500 streams in each of its workers, and writes queries into its logs, in which clients of a profile that
 * allows it send their API keys; what nginx says of an error has the whole request in it, so that upstreams that failed are seen in the access log.
 * @param etc where the other files lie @param folder where it may write
 */
export const nginxMain = ({
  etc,
  folder,
}: {
  readonly etc: string
  readonly folder: string
}): string => `pid ${folder}/nginx.pid;
error_log stderr crit;
worker_processes 2;
worker_rlimit_nofile 65536;
events {
    worker_connections 32768;
}
http {
    log_format gatehouse '$remote_addr $time_iso8601 "$request_method $uri" $status $body_bytes_sent $request_time $upstream_addr $upstream_status';
    access_log /dev/stdout gatehouse;
    client_body_temp_path ${folder}/client;
    proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server_tokens off;
    keepalive_timeout 65s;
    include ${etc}/conf.d/*.conf;
}
`

/** What a location does once it knows its node. */
export const NGINX_PROXY = `proxy_pass http://$node;
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header Connection "";
proxy_set_header X-Forwarded-Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_buffering off;
proxy_request_buffering off;
# A node that is gone is passed over soon. What was sent to one is sent to no other unless it can be repeated: a POST never is.
proxy_connect_timeout 3s;
proxy_next_upstream error timeout;
`

export interface NginxPlaces {
  /** Port, or address and port. */
  readonly listen: string
  /** Who knows the addresses of the services. */
  readonly resolver: string
  /** Where `NGINX_PROXY` lies. */
  readonly proxy: string
  readonly ports: Readonly<Record<ServiceName, number>>
  /** A node of mcp that says nothing for so many seconds hangs: each stream says something every 15, and a call ends by `CALL_TIMEOUT` (30). */
  readonly silent: number
}

/** In compose; its resolver is Docker's own. */
export const COMPOSE: NginxPlaces = {
  listen: '8080',
  resolver: '127.0.0.11',
  proxy: '/etc/nginx/proxy.conf',
  ports: PORTS,
  silent: 120,
}

const answerTo = (location: string, status: number, body: object): string => `    location ${location} {
        default_type application/json;
        return ${status} '${JSON.stringify(body)}';
    }`

const nobody = (what: string) => ({ error: 'not_found', error_description: `Nothing is served at this ${what}.` })

/**
 * A balancer without affinity: every request goes to the next of the addresses that the name of its service has now. Hosts that nobody
 * named get nothing but `/up`, which says that the balancer runs.
 */
export function nginxOf({ routes, hosts }: Doorway, places: NginxPlaces = COMPOSE): string {
  const { listen, resolver, proxy, ports, silent } = places
  const more: Readonly<Record<ServiceName, string>> = {
    // A redirect tells its client's state back, which may be long. Elsewhere so much would be held for each stream.
    auth: `proxy_read_timeout ${STREAM_SECONDS}s; proxy_buffer_size 16k; proxy_buffers 8 16k;`,
    mcp: `proxy_read_timeout ${silent}s;`,
    audit: `proxy_read_timeout ${STREAM_SECONDS}s;`,
  }
  const locationOf = (match: string, service: ServiceName): string =>
    `    location ${match} { set $node ${service}:${ports[service]}; include ${proxy}; ${more[service]} }`
  const locations = matchesOf(routes).flatMap(({ exact, path, service }) =>
    (exact ? [`= ${path}`] : [`= ${path}`, `${path}/`]).map((match) => locationOf(match, service)),
  )
  return `server {
    listen ${listen} default_server;
    server_name _;
    # Of all servers at this port: they do not know their host before. A query may be as long as the services take it.
    large_client_header_buffers 4 16k;
${answerTo('= /up', 200, { status: 'up' })}
${answerTo('/', 404, nobody('host'))}
}
server {
    listen ${listen};
    server_name ${hosts.map(serverName).join(' ')};
    resolver ${resolver} valid=1s ipv6=off;
    merge_slashes off;
    # The services have their own limits.
    client_max_body_size 0;
${locations.join('\n')}
${answerTo('/', 404, nobody('path'))}
}
`
}

/** nginx's own wildcard stands for any number of labels, the others' for one. */
const serverName = (host: string): string =>
  host.startsWith('*.') ? `~^[^.]+${host.slice(1).replaceAll('.', '\\.')}$` : host
