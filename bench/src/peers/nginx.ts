import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from '../processes.ts'
import { siteFolder } from './site.ts'
import { cacheMebibytes, type Peer, type PeerCommand, type PeerSetup } from './peer.ts'

/** nginx with one worker. Debian's package puts it into /usr/sbin, which is not on everybody's path. */
export const nginx: Peer = {
  name: 'nginx',
  tls: true,
  find() {
    const version = outputOf('nginx', ['-v'])?.match(/nginx\/(\S+)/)?.[1]
    return version === undefined
      ? { missing: 'no `nginx` on the path (apt install nginx-light)' }
      : { version }
  },
  prepare: (setup) => prepare(setup, ''),
}

/** The same with `proxy_cache`, in files, which the kernel keeps in memory. */
export const cachedNginx: Peer = {
  ...nginx,
  prepare: (setup) =>
    prepare(
      setup,
      `sendfile on;
  tcp_nopush on;
  open_file_cache max=10000 inactive=1h;
  open_file_cache_valid 1h;
  proxy_cache_path ${setup.folder}/cache levels=1:2 keys_zone=stored:64m max_size=${cacheMebibytes}m inactive=1h use_temp_path=off;
  proxy_cache stored;
  proxy_cache_lock on;
  proxy_cache_lock_timeout 60s;
  proxy_cache_lock_age 60s;`,
    ),
}

/** The same as a server of files, as it comes: sendfile is off. */
export const filesNginx: Peer = {
  ...nginx,
  prepare: (setup) => prepare(setup, '', `root ${siteFolder(setup)};`),
}

function prepare(setup: PeerSetup, cache: string, location = 'proxy_pass http://origin;'): PeerCommand {
  const file = join(setup.folder, 'nginx.conf')
  writeFileSync(file, configuration(setup, cache, location))
  return { command: 'nginx', args: ['-p', setup.folder, '-e', join(setup.folder, 'error.log'), '-c', file] }
}

function configuration(
  { folder, port, originPort, routes, connections, tls, http2 }: PeerSetup,
  cache: string,
  location: string,
): string {
  const locations = Array.from({ length: routes }, (_, route) => `location /r${route}/ { ${location} }`)
  // The temporary folder belongs to root when root runs this, so the worker must stay root to read it.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const secure =
    tls === undefined
      ? ''
      : `ssl_certificate ${tls.certFile};
    ssl_certificate_key ${tls.keyFile};
    ssl_protocols TLSv1.3;`
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events {
  worker_connections ${connections + 1024};
}
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 1000;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_request_buffering off;
  proxy_buffers 16 32k;
  proxy_busy_buffers_size 128k;
  proxy_max_temp_file_size 0;
  ${cache}
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096${tls === undefined ? '' : ' ssl'}${http2 ? ' http2' : ''};
    ${secure}
    ${locations.join('\n    ')}
  }
}
`
}
