/** Another process, or a call at the same time, has published other definitions: the request is run again under them. */
export class OtherDefinitions extends Error {}
