/** The part of a browser's XMLHttpRequest that clients made for browsers use, over `fetch`. */
export class FetchXmlHttpRequest {
  onreadystatechange: (() => void) | null = null;
  readyState = 0;
  status = 0;
  response = '';
  #method = '';
  #url = '';
  #answered = '';
  readonly #headers: Record<string, string> = {};

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  getAllResponseHeaders(): string {
    return this.#answered;
  }

  send(body?: string): void {
    void fetch(this.#url, {
      method: this.#method,
      headers: this.#headers,
      ...(body === undefined ? {} : { body }),
    }).then(async (response) => {
      this.status = response.status;
      this.response = await response.text();
      this.#answered = [...response.headers]
        .map(([name, value]) => `${name}: ${value}`)
        .join('\r\n');
      this.readyState = 4;
      this.onreadystatechange?.();
    });
  }
}
