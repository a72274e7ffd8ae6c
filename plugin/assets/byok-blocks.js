/**
 * The blocks in the editor: what an author may choose, and a plain picture of what visitors get. The elements themselves
 * are not brought to life here: the author's own key has no place in an editor.
 */
( function ( wp ) {
	'use strict';

	const el = wp.element.createElement;
	const { __ } = wp.i18n;
	const { InspectorControls, useBlockProps } = wp.blockEditor;
	const { CheckboxControl, PanelBody, Placeholder, SelectControl } = wp.components;
	const { providers = {}, chat = {} } = window.byokBlocks || {};

	const MODES = {
		site: __( 'On this site', 'byok' ),
		passkey: __( 'In the browser, locked with a passkey', 'byok' ),
		browser: __( 'In the browser, as plain text', 'byok' ),
		memory: __( 'In the tab only', 'byok' ),
	};

	/** Boxes for a list; none ticked means all. */
	function boxes( title, names, chosen, set ) {
		return el( PanelBody, { title, initialOpen: false },
			el( 'p', null, __( 'None ticked: all are offered.', 'byok' ) ),
			Object.keys( names ).map( function ( id ) {
				return el( CheckboxControl, {
					key: id,
					label: names[ id ],
					checked: chosen.includes( id ),
					__nextHasNoMarginBottom: true,
					onChange( on ) {
						set( on ? chosen.concat( id ) : chosen.filter( ( one ) => one !== id ) );
					},
				} );
			} )
		);
	}

	function theme( attributes, setAttributes ) {
		return el( PanelBody, { title: __( 'Look', 'byok' ) }, el( SelectControl, {
			label: __( 'Light or dark', 'byok' ),
			value: attributes.theme,
			__next40pxDefaultSize: true,
			__nextHasNoMarginBottom: true,
			options: [
				{ value: '', label: __( 'As the page', 'byok' ) },
				{ value: 'light', label: __( 'Light', 'byok' ) },
				{ value: 'dark', label: __( 'Dark', 'byok' ) },
				{ value: 'auto', label: __( 'As the visitor’s system', 'byok' ) },
			],
			onChange( value ) {
				setAttributes( { theme: value } );
			},
		} ) );
	}

	/** What all three have in common. */
	function block( name, icon, words, controls ) {
		wp.blocks.registerBlockType( name, {
			edit( { attributes, setAttributes } ) {
				return el( wp.element.Fragment, null,
					el( InspectorControls, null, controls( attributes, setAttributes ) ),
					el( 'div', useBlockProps(), el( Placeholder, { icon, label: words[ 0 ], instructions: words[ 1 ] } ) )
				);
			},
			save() {
				return null;
			},
		} );
	}

	block( 'byok/api-key', 'admin-network', [
		__( 'API key', 'byok' ),
		__( 'Visitors see a form here: provider, key, where it is kept, and what the provider says of it.', 'byok' ),
	], function ( attributes, setAttributes ) {
		return [
			boxes( __( 'Providers', 'byok' ), providers, attributes.providers, ( list ) => setAttributes( { providers: list } ) ),
			boxes( __( 'Where keys may be kept', 'byok' ), MODES, attributes.modes, ( list ) => setAttributes( { modes: list } ) ),
			theme( attributes, setAttributes ),
		];
	} );

	block( 'byok/key-badge', 'shield', [
		__( 'Key badge', 'byok' ),
		__( 'One line that says how keys are kept here, from the state of this site.', 'byok' ),
	], theme );

	block( 'byok/chat', 'format-chat', [
		__( 'AI chat', 'byok' ),
		__( 'Visitors ask a model with their own key. An example to copy from: plugin/assets/byok-chat.js.', 'byok' ),
	], function ( attributes, setAttributes ) {
		return [
			boxes( __( 'Providers', 'byok' ), chat, attributes.providers, ( list ) => setAttributes( { providers: list } ) ),
			theme( attributes, setAttributes ),
		];
	} );
}( window.wp ) );
