// Shows the OpenAPI document of this server and, on /docs, calls its operations.
const root = document.baseURI.replace(/\/(docs|redoc)\/?([?#].*)?$/, '')
const tries = document.body.dataset.try === 'true'
let token = null

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

const resolve = (schema, document_) => {
  let found = schema
  while (found && found.$ref) found = found.$ref.slice(2).split('/').reduce((place, key) => place[key], document_)
  return found || {}
}

const kind = schema => {
  if (schema.enum) return schema.enum.join(' | ')
  if (schema.anyOf) return schema.anyOf.filter(one => one.type !== 'null').map(kind).join(' | ')
  return schema.type || 'any'
}

const example = (schema, document_) => {
  const found = resolve(schema, document_)
  if (found.type !== 'object') return found.default ?? ''
  return Object.fromEntries(Object.entries(found.properties || {}).map(([name, one]) => {
    const inner = resolve(one, document_)
    return [name, inner.default ?? (inner.enum ? inner.enum[0] : inner.type === 'object' ? {} : inner.type === 'array' ? [] : '')]
  }))
}

const show = async (response, place) => {
  const type = response.headers.get('content-type') || ''
  const head = element('p', {}, `${response.status} ${response.statusText}`)
  if (type.startsWith('image/')) return place.replaceChildren(head, element('img', { src: URL.createObjectURL(await response.blob()), alt: 'Answer' }))
  if (type.includes('json')) return place.replaceChildren(head, element('pre', {}, JSON.stringify(await response.json(), null, 2)))
  if (type.startsWith('text/')) return place.replaceChildren(head, element('pre', {}, await response.text()))
  const size = (await response.arrayBuffer()).byteLength
  return place.replaceChildren(head, element('p', {}, `${size} bytes`))
}

const call = async (method, path, form, operation, place) => {
  const values = new FormData(form)
  const query = new URLSearchParams()
  const headers = {}
  let address = path
  for (const one of operation.parameters || []) {
    const value = values.get(`${one.in}:${one.name}`)
    if (!value) continue
    if (one.in === 'path') address = address.replace(`{${one.name}}`, encodeURIComponent(value))
    else if (one.in === 'query') query.set(one.name, value)
    else headers[one.name] = value
  }
  if (token) headers.Authorization = `Bearer ${token}`
  const options = { method: method.toUpperCase(), headers }
  const content = operation.requestBody?.content || {}
  if (content['multipart/form-data']) {
    options.body = new FormData()
    for (const [key, value] of values) if (key.startsWith('form:') && (value.size || (typeof value === 'string' && value))) options.body.append(key.slice(5), value)
  } else if (values.has('body')) {
    options.body = values.get('body')
    headers['Content-Type'] = 'application/json'
  }
  const suffix = query.size ? `?${query}` : ''
  await show(await fetch(root + address + suffix, options), place)
}

const parameters = (operation, document_) => {
  const rows = (operation.parameters || []).map(one => {
    const schema = resolve(one.schema, document_)
    const input = element('input', { name: `${one.in}:${one.name}`, placeholder: schema.default ?? '', 'aria-label': one.name })
    return element('tr', {}, element('th', {}, `${one.name}${one.required ? ' *' : ''}`), element('td', {}, kind(schema)),
      element('td', {}, one.description || ''), ...(tries ? [element('td', {}, input)] : []))
  })
  const content = operation.requestBody?.content || {}
  const parts = []
  if (content['multipart/form-data']) {
    for (const [name, schema] of Object.entries(resolve(content['multipart/form-data'].schema, document_).properties)) {
      const type = schema.format === 'binary' ? 'file' : 'text'
      rows.push(element('tr', {}, element('th', {}, name), element('td', {}, kind(schema)), element('td', {}, ''),
        ...(tries ? [element('td', {}, element('input', { type, name: `form:${name}`, 'aria-label': name }))] : [])))
    }
  } else if (content['application/json']) {
    const text = JSON.stringify(example(content['application/json'].schema, document_), null, 2)
    parts.push(tries ? element('textarea', { name: 'body', 'aria-label': 'Body' }, text) : element('pre', {}, text))
  }
  return [element('table', {}, ...rows), ...parts]
}

const entry = (method, path, operation, document_) => {
  const answers = Object.entries(operation.responses).map(([status, one]) => element('li', {}, `${status} ${one.description || ''}`))
  const place = element('div')
  const form = element('form', {}, ...parameters(operation, document_), ...(tries ? [element('button', {}, 'Send')] : []))
  form.addEventListener('submit', event => {
    event.preventDefault()
    call(method, path, form, operation, place).catch(error => place.replaceChildren(String(error)))
  })
  return element('details', {},
    element('summary', {}, element('span', { class: 'method' }, method.toUpperCase()), element('code', {}, path), ` ${operation.summary || ''}`),
    element('div', { class: 'body' }, element('p', {}, operation.description || ''), form, place, element('ul', {}, ...answers)))
}

const start = async () => {
  const document_ = await (await fetch(`${root}/openapi.json`)).json()
  const groups = new Map()
  for (const [path, operations] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = (operation.tags || ['other'])[0]
      if (!groups.has(name)) groups.set(name, element('section', {}, element('h2', {}, name)))
      groups.get(name).append(entry(method, path, operation, document_))
    }
  }
  document.getElementById('operations').replaceChildren(element('p', {}, document_.info.description || ''), ...groups.values())
}

document.getElementById('authorize')?.addEventListener('submit', async event => {
  event.preventDefault()
  const response = await fetch(`${root}/api/v1/auth/login`, { method: 'POST', body: new URLSearchParams(new FormData(event.target)) })
  const body = await response.json()
  token = body.access_token || null
  document.getElementById('who').value = response.ok ? `Authorized for ${body.expires_in} s` : body.detail
})

start().catch(error => document.getElementById('operations').replaceChildren(String(error)))
