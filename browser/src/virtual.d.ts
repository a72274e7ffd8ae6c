declare module 'virtual:providers' {
	const table: unknown;
	export default table;
}

declare module 'virtual:pages' {
	const pages: unknown;
	export default pages;
}

declare module '*.css' {
	const css: string;
	export default css;
}
